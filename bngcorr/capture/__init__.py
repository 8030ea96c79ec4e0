"""Packets from files. The typed door to dpkt, which frames captures and knows Ethernet, VLAN tags, IP and UDP."""
