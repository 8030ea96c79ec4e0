{{/* Names, labels, and what is read out of the configuration. */}}
{{- define "bngcorr.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 63 | trimSuffix "-" -}}
{{- end -}}

{{- define "bngcorr.fullname" -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | trunc 40 | trimSuffix "-" -}}
{{- else if contains (include "bngcorr.name" .) .Release.Name -}}
{{- .Release.Name | trunc 40 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name (include "bngcorr.name" .) | trunc 40 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}

{{/* What never changes of a pod: (list . "serve") */}}
{{- define "bngcorr.selector" -}}
{{- $ := index . 0 -}}
app.kubernetes.io/name: {{ include "bngcorr.name" $ }}
app.kubernetes.io/instance: {{ $.Release.Name }}
app.kubernetes.io/component: {{ index . 1 }}
{{- end -}}

{{- define "bngcorr.labels" -}}
{{- $ := index . 0 -}}
{{ include "bngcorr.selector" . }}
app.kubernetes.io/version: {{ $.Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ $.Release.Service }}
helm.sh/chart: {{ printf "%s-%s" $.Chart.Name $.Chart.Version | replace "+" "_" }}
{{- with $.Values.commonLabels }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{- define "bngcorr.serviceAccount" -}}
{{- if .Values.serviceAccount.create -}}
{{- default (include "bngcorr.fullname" .) .Values.serviceAccount.name -}}
{{- else -}}
{{- default "default" .Values.serviceAccount.name -}}
{{- end -}}
{{- end -}}

{{- define "bngcorr.secretName" -}}
{{- if .Values.secrets.existingSecret -}}
{{- .Values.secrets.existingSecret -}}
{{- else if .Values.secrets.inline -}}
{{- include "bngcorr.fullname" . -}}
{{- end -}}
{{- end -}}

{{- define "bngcorr.image" -}}
{{- printf "%s:%s" .Values.image.repository (default .Chart.AppVersion .Values.image.tag) -}}
{{- end -}}

{{/* Whether the store runs inside the one pod: "yes" or "". */}}
{{- define "bngcorr.embedded" -}}
{{- if eq (dig "store" "url" "" .Values.config) "embedded" -}}yes{{- end -}}
{{- end -}}

{{- define "bngcorr.spooled" -}}
{{- $spool := dig "spool" false .Values.config -}}
{{- if kindIs "bool" $spool -}}{{- if $spool -}}yes{{- end -}}
{{- else if dig "enabled" false $spool -}}yes{{- end -}}
{{- end -}}

{{/* Whether a pod keeps something that its successor needs. */}}
{{- define "bngcorr.stateful" -}}
{{- if or (include "bngcorr.embedded" .) (include "bngcorr.spooled" .) (dig "history" "directory" "" .Values.config) -}}yes{{- end -}}
{{- end -}}

{{/* Port of "0.0.0.0:1812" */}}
{{- define "bngcorr.port" -}}
{{- regexFind "[0-9]+$" . -}}
{{- end -}}

{{/* The UDP ports that are listened to, each once: [{name, port}] as JSON under "ports". */}}
{{- define "bngcorr.udpPorts" -}}
{{- $seen := dict -}}
{{- $found := list -}}
{{- $listen := dig "listen" dict .Values.config -}}
{{- $kinds := list
  (list "auth" (ternary $listen.auth (list "0.0.0.0:1812") (hasKey $listen "auth")))
  (list "acct" (ternary $listen.acct (list "0.0.0.0:1813") (hasKey $listen "acct")))
  (list "coa" (dig "dynauth" "listen" list .Values.config)) -}}
{{- range $kind := $kinds -}}
{{- range index $kind 1 -}}
{{- $port := include "bngcorr.port" . -}}
{{- if not (hasKey $seen $port) -}}
{{- $_ := set $seen $port true -}}
{{- $found = append $found (dict "name" (printf "%s-%s" (index $kind 0) $port) "port" (int $port)) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- dict "ports" $found | toJson -}}
{{- end -}}

{{/* Milliseconds of "300ms", "5s", "2m", "24h", "7d" */}}
{{- define "bngcorr.milliseconds" -}}
{{- $unit := regexFind "(ms|s|m|h|d)\\s*$" . | trim -}}
{{- $factor := get (dict "ms" 1.0 "s" 1000.0 "m" 60000.0 "h" 3600000.0 "d" 86400000.0) $unit -}}
{{- mulf (regexFind "[0-9]+(\\.[0-9]+)?" . | float64) $factor | ceil | int64 -}}
{{- end -}}

{{/* AAA servers of all pools: [address:port, …] as JSON under "servers"; the longest deadline, in ms, under "deadline". */}}
{{- define "bngcorr.upstreams" -}}
{{- $upstream := dig "upstream" dict .Values.config -}}
{{- $pools := list -}}
{{- range $kind := list "auth" "acct" -}}
{{- with get $upstream $kind -}}{{- $pools = append $pools . -}}{{- end -}}
{{- end -}}
{{- range $_, $pool := dig "pools" dict $upstream -}}{{- $pools = append $pools $pool -}}{{- end -}}
{{- $servers := list -}}
{{- $deadline := include "bngcorr.milliseconds" (dig "dynauth" "timeout" "5s" .Values.config) | int64 -}}
{{- range $pool := $pools -}}
{{- range $server := default (list $pool) $pool.servers -}}
{{- with $server.address -}}{{- $servers = append $servers . -}}{{- end -}}
{{- $deadline = max $deadline (include "bngcorr.milliseconds" (default "5s" $server.timeout) | int64) -}}
{{- end -}}
{{- end -}}
{{- dict "servers" (uniq $servers) "deadline" $deadline | toJson -}}
{{- end -}}

{{- define "bngcorr.grace" -}}
{{- $lameduck := include "bngcorr.milliseconds" (dig "listen" "lameduck" "5s" .Values.config) | int64 -}}
{{- $drain := 0 -}}
{{- if include "bngcorr.spooled" . -}}
{{- $spool := dig "spool" dict .Values.config -}}
{{- if kindIs "map" $spool -}}
{{- $drain = include "bngcorr.milliseconds" (dig "drain" "0s" $spool) | int64 -}}
{{- end -}}
{{- end -}}
{{- $deadline := (include "bngcorr.upstreams" . | fromJson).deadline | int64 -}}
{{- $needed := add 15 (divf (addf $lameduck $drain $deadline) 1000 | ceil | int64) -}}
{{- if kindIs "invalid" .Values.terminationGracePeriodSeconds -}}
{{- $needed -}}
{{- else if lt (int .Values.terminationGracePeriodSeconds) (int (sub $needed 15)) -}}
{{- fail (printf "terminationGracePeriodSeconds: %d is too short: listen.lameduck, spool.drain and the longest deadline take %d s" (int .Values.terminationGracePeriodSeconds) (sub $needed 15)) -}}
{{- else -}}
{{- .Values.terminationGracePeriodSeconds -}}
{{- end -}}
{{- end -}}

{{/* "192.0.2.1" or "192.0.2.0/24" as a CIDR */}}
{{- define "bngcorr.cidr" -}}
{{- if contains "/" . -}}{{- . -}}{{- else -}}{{- printf "%s/%s" . (ternary "128" "32" (contains ":" .)) -}}{{- end -}}
{{- end -}}

{{/* Networks of some sections, each once: (list section …) → {"cidrs": [...]} */}}
{{- define "bngcorr.networks" -}}
{{- $found := list -}}
{{- range $section := . -}}
{{- range $entry := $section -}}
{{- range $address := ternary (list $entry.address) $entry.address (kindIs "string" $entry.address) -}}
{{- $found = append $found (include "bngcorr.cidr" $address) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- dict "cidrs" (uniq $found) | toJson -}}
{{- end -}}

{{/* Paths of keys that hold a secret itself: (list path value) */}}
{{- define "bngcorr.inlineSecrets" -}}
{{- $path := index . 0 -}}
{{- $value := index . 1 -}}
{{- if kindIs "map" $value -}}
{{- range $key, $each := $value -}}
{{- if and (eq $key "secret") (kindIs "string" $each) -}}{{- printf "%s.secret " $path -}}
{{- else -}}{{- include "bngcorr.inlineSecrets" (list (printf "%s.%s" $path $key) $each) -}}{{- end -}}
{{- end -}}
{{- else if kindIs "slice" $value -}}
{{- range $index, $each := $value -}}
{{- include "bngcorr.inlineSecrets" (list (printf "%s[%d]" $path $index) $each) -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{/* What values say together. Nothing is rendered that could not run. */}}
{{- define "bngcorr.check" -}}
{{- $config := .Values.config -}}
{{- if not $config.bngs -}}
{{- fail "config.bngs: tell which BNGs may ask, and in config.upstream which AAA servers they are to reach (docs/kubernetes.md has an example)" -}}
{{- end -}}
{{- with include "bngcorr.inlineSecrets" (list "config" $config) -}}
{{- fail (printf "%s: secrets do not belong into a ConfigMap: use secret_file: /etc/bngcorr/secrets/NAME, and put NAME into the Secret of secrets.existingSecret" (trim . | replace " " ", ")) -}}
{{- end -}}
{{- if regexMatch "^[a-z+]+://[^/]*@" (dig "store" "url" "" $config) -}}
{{- fail "config.store.url: a URL with a password does not belong into a ConfigMap: use store.url_file: /etc/bngcorr/secrets/NAME" -}}
{{- end -}}
{{- if and .Values.secrets.existingSecret .Values.secrets.inline -}}
{{- fail "secrets: one of existingSecret and inline" -}}
{{- end -}}
{{- if and (include "bngcorr.embedded" .) (gt (int .Values.replicas) 1) -}}
{{- fail "replicas: an embedded store is one pod's own: replicas: 1, or config.store.url_file for a real store" -}}
{{- end -}}
{{- if not (include "bngcorr.embedded" .) -}}
{{- if not (or (dig "store" "url" "" $config) (dig "store" "url_file" "" $config)) -}}
{{- fail "config.store.url_file: tell where the store is (url, url_file, or url: embedded for a trial with replicas: 1)" -}}
{{- end -}}
{{- end -}}
{{- if and .Values.web.enabled (not (hasPrefix "127." $config.web.listen)) (not (hasPrefix "[::1]" $config.web.listen)) (not $config.web.tokens) -}}
{{- fail "config.web.tokens: web.listen can be reached from elsewhere, so it needs a token (bngcorr token new); or set config.web.listen to 127.0.0.1:8080 and use kubectl port-forward, or web.enabled: false" -}}
{{- end -}}
{{- if hasPrefix "127." $config.health.listen -}}
{{- fail "config.health.listen: kubelet has to reach it: 0.0.0.0:9812, or [::]:9812 where pods have IPv6 only" -}}
{{- end -}}
{{- end -}}

{{- define "bngcorr.checksum" -}}
{{- if .Values.rollOnConfigChange }}
checksum/config: {{ toYaml .Values.config | sha256sum }}
{{- end }}
{{- end -}}

{{- define "bngcorr.mounts" -}}
- name: config
  mountPath: /etc/bngcorr/config
  readOnly: true
{{- if include "bngcorr.secretName" . }}
- name: secrets
  mountPath: /etc/bngcorr/secrets
  readOnly: true
{{- end }}
- name: run
  mountPath: /run/bngcorr
- name: tmp
  mountPath: /tmp
- name: state
  mountPath: /var/lib/bngcorr
{{- with .Values.extraVolumeMounts }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{/* (list . "serve") */}}
{{- define "bngcorr.volumes" -}}
{{- $ := index . 0 -}}
- name: config
  configMap:
    name: {{ include "bngcorr.fullname" $ }}
{{- with include "bngcorr.secretName" $ }}
- name: secrets
  secret:
    secretName: {{ . }}
    defaultMode: 0440
{{- end }}
- name: run
  emptyDir: {medium: Memory, sizeLimit: 1Mi}
- name: tmp
  emptyDir: {sizeLimit: 64Mi}
{{- if not (and (eq (index . 1) "serve") (include "bngcorr.stateful" $)) }}
- name: state
  emptyDir: {sizeLimit: 64Mi}
{{- end }}
{{- with $.Values.extraVolumes }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{- define "bngcorr.webContainer" -}}
{{- $listen := .Values.config.web.listen -}}
{{- $scheme := ternary "https" "http" (not (empty (dig "web" "tls" "certificate" "" .Values.config))) -}}
{{- $alone := or (hasPrefix "127." $listen) (hasPrefix "[::1]" $listen) -}}
- name: web
  image: {{ include "bngcorr.image" . }}
  imagePullPolicy: {{ .Values.image.pullPolicy }}
  args: [web, --config, /etc/bngcorr/config/bngcorr.yaml, --watch]
  workingDir: /var/lib/bngcorr
  ports:
    - {name: http, containerPort: {{ include "bngcorr.port" $listen }}, protocol: TCP}
  {{- range $probe := list "startupProbe" "livenessProbe" "readinessProbe" }}
  {{ $probe }}:
    {{- if $alone }}
    exec:
      command: [python, -c, "import urllib.request as r; r.urlopen('{{ $scheme }}://{{ $listen }}/healthz', timeout=2)"]
    {{- else }}
    httpGet: {path: /healthz, port: http, scheme: {{ upper $scheme }}}
    {{- end }}
    periodSeconds: {{ ternary 30 5 $alone }}
    timeoutSeconds: 5
    failureThreshold: {{ ternary 30 3 (eq $probe "startupProbe") }}
  {{- end }}
  resources: {{- toYaml .Values.web.resources | nindent 4 }}
  securityContext: {{- toYaml .Values.securityContext | nindent 4 }}
  {{- with .Values.env }}
  env: {{- toYaml . | nindent 4 }}
  {{- end }}
  volumeMounts: {{- include "bngcorr.mounts" . | nindent 4 }}
{{- end -}}

{{- define "bngcorr.checkContainer" -}}
- name: check-config
  image: {{ include "bngcorr.image" . }}
  imagePullPolicy: {{ .Values.image.pullPolicy }}
  args: [check-config, --config, /etc/bngcorr/config/bngcorr.yaml]
  workingDir: /var/lib/bngcorr
  resources: {requests: {cpu: 100m, memory: 128Mi}, limits: {memory: 512Mi}}
  securityContext: {{- toYaml .Values.securityContext | nindent 4 }}
  {{- with .Values.env }}
  env: {{- toYaml . | nindent 4 }}
  {{- end }}
  volumeMounts: {{- include "bngcorr.mounts" . | nindent 4 }}
{{- end -}}

{{- define "bngcorr.storeAndDns" }}
    - ports:
        {{- range .Values.networkPolicy.store.ports }}
        - {protocol: TCP, port: {{ . }}}
        {{- end }}
      {{- with .Values.networkPolicy.store.to }}
      to: {{- toYaml . | nindent 8 }}
      {{- end }}
    - ports:
        - {protocol: UDP, port: 53}
        - {protocol: TCP, port: 53}
      {{- with .Values.networkPolicy.dns.to }}
      to: {{- toYaml . | nindent 8 }}
      {{- end }}
    {{- with .Values.networkPolicy.extraEgress }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
{{- end }}
{{- define "bngcorr.webIngress" }}
    - ports:
        - {protocol: TCP, port: http}
      {{- with .Values.networkPolicy.webFrom }}
      from: {{- toYaml . | nindent 8 }}
      {{- end }}
{{- end }}
