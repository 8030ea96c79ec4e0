/* bngcorr.proxy._datagrams: many datagrams in one system call (recvmmsg(2), sendmmsg(2); Linux).
 *
 * What it means for the caller is told in datagrams.py, which does the same without it. Sockets are non-blocking, and no
 * call waits (MSG_DONTWAIT), so the interpreter's lock is kept throughout: it guards the buffers below.
 */
#define PY_SSIZE_T_CLEAN
#define _GNU_SOURCE
#include <Python.h>
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>

enum { MOST = 64, OCTETS = 4097 }; /* datagrams a call; octets of each, one more than a RADIUS packet may have */

static unsigned char space[MOST][OCTETS];
static struct sockaddr_storage names[MOST];
static struct iovec parts[MOST];
static struct mmsghdr heads[MOST];

/* (datagrams, errno): each is octets, or with `named` (octets, sockaddr). */
static PyObject *receive_into_list(int fd, Py_ssize_t most, int named) {
    if (most < 1 || most > MOST)
        return PyErr_Format(PyExc_ValueError, "from 1 to %d datagrams, not %zd", (int)MOST, most);
    for (Py_ssize_t i = 0; i < most; i++) {
        parts[i].iov_base = space[i];
        parts[i].iov_len = OCTETS;
        memset(&heads[i], 0, sizeof heads[i]);
        heads[i].msg_hdr.msg_iov = &parts[i];
        heads[i].msg_hdr.msg_iovlen = 1;
        if (named) {
            memset(&names[i], 0, sizeof names[i]);
            heads[i].msg_hdr.msg_name = &names[i];
            heads[i].msg_hdr.msg_namelen = sizeof names[i];
        }
    }
    int count = recvmmsg(fd, heads, (unsigned int)most, MSG_DONTWAIT, NULL);
    int error = count < 0 ? errno : 0;
    if (count < 0)
        count = 0;
    PyObject *list = PyList_New(count);
    if (list == NULL)
        return NULL;
    for (int i = 0; i < count; i++) {
        const char *octets = (const char *)space[i];
        Py_ssize_t size = heads[i].msg_len < OCTETS ? (Py_ssize_t)heads[i].msg_len : OCTETS;
        PyObject *one;
        if (named) {
            socklen_t length = heads[i].msg_hdr.msg_namelen;
            if (length > sizeof names[i])
                length = sizeof names[i];
            one = Py_BuildValue("(y#y#)", octets, size, (const char *)&names[i], (Py_ssize_t)length);
        } else {
            one = PyBytes_FromStringAndSize(octets, size);
        }
        if (one == NULL) {
            Py_DECREF(list);
            return NULL;
        }
        PyList_SET_ITEM(list, i, one);
    }
    return Py_BuildValue("(Ni)", list, error);
}

static PyObject *receive(PyObject *self, PyObject *args) {
    (void)self;
    int fd;
    Py_ssize_t most;
    if (!PyArg_ParseTuple(args, "in:receive", &fd, &most))
        return NULL;
    return receive_into_list(fd, most, 0);
}

static PyObject *receive_from(PyObject *self, PyObject *args) {
    (void)self;
    int fd;
    Py_ssize_t most;
    if (!PyArg_ParseTuple(args, "in:receive_from", &fd, &most))
        return NULL;
    return receive_into_list(fd, most, 1);
}

/* Sends what `heads` holds; notes in `errors` what the kernel said of each: 0 if it took it. */
static int send_some(int fd, int count, int *errors) {
    int at = 0, failed = 0;
    while (at < count) {
        int sent = sendmmsg(fd, heads + at, (unsigned int)(count - at), MSG_DONTWAIT);
        if (sent > 0) {
            for (int i = 0; i < sent; i++)
                errors[at++] = 0;
        } else { /* it is about the first one, and the others may go */
            errors[at++] = sent < 0 ? errno : EAGAIN;
            failed = 1;
        }
    }
    return failed;
}

/* None if the kernel took all of them, else a list of an errno for each, 0 for those that it took. */
static PyObject *send_each(PyObject *self, PyObject *args) {
    (void)self;
    int fd;
    PyObject *datagrams, *origins, *told = NULL;
    if (!PyArg_ParseTuple(args, "iO!O:send_each", &fd, &PyList_Type, &datagrams, &origins))
        return NULL;
    if (origins != Py_None && !PyList_Check(origins))
        return PyErr_Format(PyExc_TypeError, "origins: a list or None");
    Py_ssize_t all = PyList_GET_SIZE(datagrams);
    if (origins != Py_None && PyList_GET_SIZE(origins) != all)
        return PyErr_Format(PyExc_ValueError, "an origin for each datagram");
    for (Py_ssize_t from = 0; from < all; from += MOST) {
        int count = all - from < MOST ? (int)(all - from) : MOST, errors[MOST];
        for (int i = 0; i < count; i++) {
            PyObject *octets = PyList_GET_ITEM(datagrams, from + i);
            PyObject *origin = origins == Py_None ? NULL : PyList_GET_ITEM(origins, from + i);
            if (!PyBytes_Check(octets) || (origin != NULL && !PyBytes_Check(origin))) {
                PyErr_SetString(PyExc_TypeError, "datagrams and origins are bytes");
                goto failed;
            }
            parts[i].iov_base = PyBytes_AS_STRING(octets);
            parts[i].iov_len = (size_t)PyBytes_GET_SIZE(octets);
            memset(&heads[i], 0, sizeof heads[i]);
            heads[i].msg_hdr.msg_iov = &parts[i];
            heads[i].msg_hdr.msg_iovlen = 1;
            if (origin != NULL) {
                heads[i].msg_hdr.msg_name = PyBytes_AS_STRING(origin);
                heads[i].msg_hdr.msg_namelen = (socklen_t)PyBytes_GET_SIZE(origin);
            }
        }
        if (!send_some(fd, count, errors) && told == NULL)
            continue;
        if (told == NULL) { /* those before were taken */
            told = PyList_New(0);
            if (told == NULL)
                return NULL;
            for (Py_ssize_t i = 0; i < from; i++) {
                PyObject *zero = PyLong_FromLong(0);
                if (zero == NULL || PyList_Append(told, zero) < 0) {
                    Py_XDECREF(zero);
                    goto failed;
                }
                Py_DECREF(zero);
            }
        }
        for (int i = 0; i < count; i++) {
            PyObject *error = PyLong_FromLong(errors[i]);
            if (error == NULL || PyList_Append(told, error) < 0) {
                Py_XDECREF(error);
                goto failed;
            }
            Py_DECREF(error);
        }
    }
    if (told == NULL)
        Py_RETURN_NONE;
    return told;
failed:
    Py_XDECREF(told);
    return NULL;
}

static PyMethodDef methods[] = {
    {"receive", receive, METH_VARARGS, "receive(fd, most) -> (datagrams, errno)"},
    {"receive_from", receive_from, METH_VARARGS, "receive_from(fd, most) -> (pairs of datagram and sockaddr, errno)"},
    {"send_each", send_each, METH_VARARGS, "send_each(fd, datagrams, sockaddrs or None) -> None or errnos"},
    {NULL, NULL, 0, NULL},
};

static struct PyModuleDef module = {
    .m_base = PyModuleDef_HEAD_INIT, .m_name = "_datagrams", .m_size = -1, .m_methods = methods,
};

PyMODINIT_FUNC PyInit__datagrams(void) { return PyModule_Create(&module); }
