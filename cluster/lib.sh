# shellcheck shell=bash
# What cluster/up, cluster/down and cluster/node share. Needs bash, coreutils 8.31 or later, util-linux
# (setsid, flock) and curl.
#
# A cluster's data folder:
#   settings              what the cluster was last started with, one key=value a line
#   cluster.json          where everything is, while the cluster runs (holds the private key: mode 0600)
#   token private.key public.key   made once, kept over restarts
#   storages.json         where the origins read source images: what the first configuration is made of
#   secrets/              secrets that later configurations name, ID.VERSION
#   nodes/NAME/           config.json, log, data/, and pid while it runs: the process id, and on the second line what
#                         tells that process from a later one that got the same id
# Only processes named by such a pid file, and proven by its second line, are ever ended.

host=127.0.0.1
data=
ready_timeout=${VIGNETTE_READY_TIMEOUT:-60} # seconds that a node may take until it is ready
stop_timeout=${VIGNETTE_STOP_TIMEOUT:-20}   # seconds that a node may take to end before it is killed

say() { printf '%s\n' "$*" >&2; }

fail() {
    say "cluster/${0##*/}: $*"
    exit 1
}

usage_error() {
    say "cluster/${0##*/}: $* (see cluster/${0##*/} --help)"
    exit 2
}

require_tools() {
    local tool
    for tool in curl flock setsid realpath od; do
        command -v "$tool" >/dev/null || fail "'$tool' is missing; install Debian's curl, util-linux and coreutils"
    done
}

# hear_signals ARGUMENT...: starts this script again where its caller had blocked the signals that end it.
hear_signals() {
    local key value
    while read -r key value; do
        if [[ $key == SigBlk: ]] && ((0x$value & 0x4003)); then # HUP, INT, TERM
            exec env --default-signal "$BASH" "$0" "$@"
        fi
    done <"/proc/$$/status"
}

is_number() { [[ $1 =~ ^[0-9]{1,9}$ ]]; }

# json_string TEXT: as a JSON string, quotes included.
json_string() {
    local text=$1
    text=${text//\\/\\\\}
    text=${text//\"/\\\"}
    printf '"%s"' "$text"
}

# write_file PATH MODE < content: replaces it in one step, so that no reader sees half of it.
write_file() {
    local temporary
    temporary=$(mktemp "$1.XXXXXX")
    cat >"$temporary"
    chmod "$2" "$temporary"
    mv -f "$temporary" "$1"
}

random_hex() { head -c "$1" /dev/urandom | od -An -v -tx1 | tr -d ' \n'; }

# --- the data folder ---------------------------------------------------------------------------------------------

# absolute_folder PATH: made absolute; the folder need not exist, but no control bytes, which JSON would not bear.
absolute_folder() {
    [[ $1 != *[[:cntrl:]]* ]] || fail "a path with control characters cannot be used"
    realpath -m -- "$1"
}

is_cluster_folder() { [[ -f $data/settings || (-e $data/lock && -d $data/nodes) ]]; }

# One command at a time changes a cluster. Nodes do not inherit the lock (see start_node).
lock_cluster() {
    exec 9>"$data/lock"
    flock -w "$((ready_timeout + stop_timeout))" 9 || fail "another cluster command is at work on '$data'"
}

unlock_cluster() { exec 9>&-; }

open_cluster() {
    [[ -f $data/settings ]] || fail "'$data' is no cluster's data folder; cluster/up --data '$data' makes one"
    load_settings
}

save_settings() {
    printf '%s\n' "edges=$edges" "origins=$origins" "base_port=$base_port" "lease=$lease" "binaries=$binaries" \
        "sources=$sources" "link_base=$link_base" "tls_certificate=$tls_certificate" "tls_key=$tls_key" |
        write_file "$data/settings" 644
}

# Read, never executed.
load_settings() {
    local key value
    link_base=0 tls_certificate='' tls_key='' # settings of an older version lack them
    while IFS='=' read -r key value; do
        case $key in
            edges | origins | base_port | lease | link_base) is_number "$value" || fail "'$data/settings' is damaged at '$key'" ;;
        esac
        case $key in
            edges) edges=$value ;;
            origins) origins=$value ;;
            base_port) base_port=$value ;;
            lease) lease=$value ;;
            binaries) binaries=$value ;;
            sources) sources=$value ;;
            link_base) link_base=$value ;;
            tls_certificate) tls_certificate=$value ;;
            tls_key) tls_key=$value ;;
        esac
    done <"$data/settings"
}

# --- nodes -------------------------------------------------------------------------------------------------------

origin_names() { for ((number = 1; number <= origins; number++)); do echo "origin-$number"; done; }
edge_names() { for ((number = 1; number <= edges; number++)); do echo "edge-$number"; done; }
node_names() { origin_names && edge_names; }

# Every node that has a folder, also those of an earlier, larger cluster.
known_nodes() {
    local folder
    for folder in "$data"/nodes/*/; do
        [[ -d $folder ]] && basename "$folder"
    done
    return 0
}

node_role() { echo "${1%-*}"; }

# port_of NAME KIND: public, tls and telemetry for edges; api, protocol and telemetry for origins.
port_of() {
    local number=${1##*-}
    case $(node_role "$1")/$2 in
        edge/public) echo $((base_port + number)) ;;
        edge/tls) echo $((base_port + 600 + number)) ;;
        edge/telemetry) echo $((base_port + 300 + number)) ;;
        origin/api) echo $((base_port + 99 + number)) ;;
        origin/protocol) echo $((base_port + 199 + number)) ;;
        origin/telemetry) echo $((base_port + 400 + number)) ;;
    esac
}

ports_of() {
    case $(node_role "$1") in
        edge)
            port_of "$1" public && port_of "$1" telemetry
            if [[ -n $tls_key ]]; then port_of "$1" tls; fi
            ;;
        origin) port_of "$1" api && port_of "$1" protocol && port_of "$1" telemetry ;;
    esac
}

node_url() { echo "http://$host:$(port_of "$1" "$2")"; }

# link_url EDGE ORIGIN: where that edge reaches that origin: directly, or through a relay that somebody runs between them.
link_url() {
    if ((link_base > 0)); then echo "http://$host:$((link_base + ${1##*-}))"; else node_url "$2" protocol; fi
}

# tls_settings NAME: what an edge's listener has more with TLS.
tls_settings() {
    if [[ -n $tls_key ]]; then
        echo ", \"tls\": {\"port\": $(port_of "$1" tls), \"certificate\": $(json_string "$tls_certificate")," \
            "\"key\": $(json_string "$tls_key")}"
    fi
}

write_node_config() {
    local name=$1 folder=$data/nodes/$1 origin list=
    mkdir -p "$folder/data"
    {
        echo "{"
        echo "  \"node\": {\"name\": \"$name\", \"data\": $(json_string "$folder/data")," \
            "\"token-file\": $(json_string "$data/token")},"
        case $(node_role "$name") in
            edge)
                for origin in $(origin_names); do list+=${list:+, }\"$(link_url "$name" "$origin")\"; done
                # No balancer needs to see it go.
                echo "  \"listen\": {\"host\": \"$host\", \"port\": $(port_of "$name" public), \"leave-ms\": 0$(tls_settings "$name")},"
                echo "  \"origins\": [$list],"
                ;;
            origin)
                echo "  \"api\": {\"host\": \"$host\", \"port\": $(port_of "$name" api)},"
                echo "  \"protocol\": {\"host\": \"$host\", \"port\": $(port_of "$name" protocol)},"
                echo "  \"lease-seconds\": $lease,"
                echo "  \"account\": \"demo\","
                echo "  \"keys\": {\"public\": \"$(<"$data/public.key")\"," \
                    "\"private-file\": $(json_string "$data/private.key")},"
                mkdir -p "$data/secrets" && chmod 700 "$data/secrets"
                echo "  \"storages-file\": $(json_string "$data/storages.json"),"
                echo "  \"secrets-folder\": $(json_string "$data/secrets"),"
                ;;
        esac
        echo "  \"telemetry\": {\"host\": \"$host\", \"port\": $(port_of "$name" telemetry)},"
        echo "  \"log\": {\"level\": \"${VIGNETTE_LOG_LEVEL:-info}\"}"
        echo "}"
    } | write_file "$folder/config.json" 644
}

# --- processes ---------------------------------------------------------------------------------------------------

# process_identity PID: empty when there is no such process, or only its shell waiting to be reaped.
process_identity() {
    local line fields
    line=$(cat "/proc/$1/stat" 2>/dev/null) || return 0
    # Behind the program's name, which may hold spaces: state is the first field, the start time the twentieth.
    read -ra fields <<<"${line##*) }"
    [[ ${fields[0]} != [ZX] ]] || return 0
    echo "${fields[19]} $(</proc/sys/kernel/random/boot_id)"
}

# running_pid NAME: the process id of a node that runs; empty for one that does not.
running_pid() {
    local pid identity
    [[ -f $data/nodes/$1/pid ]] || return 0
    { read -r pid && read -r identity; } 2>/dev/null <"$data/nodes/$1/pid" || return 0
    is_number "$pid" && [[ -n $identity && $(process_identity "$pid") == "$identity" ]] || return 0
    echo "$pid"
}

# Closes what a script's caller had open beside the standard streams, the script's lock too: a node must not hold a
# caller's pipe or socket open for as long as it lives.
close_inherited() {
    local path descriptor
    for path in "/proc/$BASHPID/fd"/*; do
        descriptor=${path##*/}
        ((descriptor <= 2)) || eval "exec $descriptor>&-"
    done
}

# start_node NAME [VARIABLE=VALUE]...: in a session of its own, so that a Ctrl-C meant for a script does not reach it.
start_node() {
    local name=$1 folder=$data/nodes/$1 pid identity
    shift
    say "Starting $name …"
    printf 'time=%s log=cluster node=%s message="starting"\n' "$(date -u +%Y-%m-%dT%H:%M:%S.%6NZ)" "$name" \
        >>"$folder/log"
    (
        close_inherited
        # A caller may have blocked or ignored signals (Foundation's Process does): a node must hear a TERM.
        # Variables come first: a library that they preload (libfaketime) may add one at its start, and a process that
        # moves its own environment then does not find its arguments.
        cd / && exec env "$@" setsid env --default-signal "$binaries/vignette-$(node_role "$name")" --config "$folder/config.json"
    ) </dev/null >>"$folder/log" 2>&1 &
    pid=$!
    # Or bash would tell of its end in its own words, in the middle of ours.
    disown
    identity=$(process_identity "$pid")
    printf '%s\n' "$pid" "$identity" | write_file "$folder/pid" 644
}

# wait_ready NAME SECOND: until the node answers that it is ready; false, with the reason, when it ends, or when bash's
# SECONDS reaches SECOND.
wait_ready() {
    local name=$1 until=$2 answer
    while true; do
        if [[ -z $(running_pid "$name") ]]; then
            say "$name ended before it was ready."
            return 1
        fi
        if answer=$(curl -sS --noproxy '*' --max-time 2 -w '\n%{http_code}' "$(node_url "$name" telemetry)/ready" 2>&1) &&
            [[ ${answer##*$'\n'} == 200 ]]; then
            return 0
        fi
        if ((SECONDS >= until)); then
            say "$name was not ready within $ready_timeout s. It says: ${answer//$'\n'/ }"
            return 1
        fi
        sleep 0.05
    done
}

# show_log_end NAME: what it said last, since it was started last.
show_log_end() {
    local line
    say "The last lines of $data/nodes/$1/log:"
    tail -n 20 "$data/nodes/$1/log" | tac | sed '/ log=cluster .* message="starting"/q' | tac |
        while IFS= read -r line; do say "    $line"; done
}

# stop_nodes NAME...: asks them to end, all at once, waits, and kills what is still there.
stop_nodes() {
    local name pid until=$((SECONDS + stop_timeout)) asked=()
    for name in "$@"; do
        pid=$(running_pid "$name")
        if [[ -n $pid ]]; then
            kill -TERM "$pid" 2>/dev/null || true
            asked+=("$name")
        else
            rm -f "$data/nodes/$name/pid"
        fi
    done
    for name in "${asked[@]}"; do
        while [[ -n $(running_pid "$name") ]] && ((SECONDS < until)); do sleep 0.05; done
        if [[ -n $(running_pid "$name") ]]; then
            say "$name did not end within $stop_timeout s and was killed."
            kill_node "$name"
        fi
        rm -f "$data/nodes/$name/pid"
    done
}

# kill_node NAME: as a crash would end it.
kill_node() {
    local pid
    pid=$(running_pid "$1")
    [[ -n $pid ]] || return 1
    kill -KILL "$pid" 2>/dev/null || true
    while [[ -n $(running_pid "$1") ]]; do sleep 0.02; done
    rm -f "$data/nodes/$1/pid"
}

# Edges first: they hand their leases back to origins that still run.
stop_cluster() {
    local name first=() last=()
    for name in $(known_nodes); do
        if [[ $(node_role "$name") == edge ]]; then first+=("$name"); else last+=("$name"); fi
    done
    stop_nodes "${first[@]}"
    stop_nodes "${last[@]}"
    rm -f "$data/cluster.json"
}

# --- ports -------------------------------------------------------------------------------------------------------

# listening_socket PORT: the inode of a TCP socket that listens there; empty for a free port.
listening_socket() {
    local wanted local_address state inode
    wanted=$(printf '%04X' "$1")
    while read -r _ local_address _ state _ _ _ _ _ inode _; do
        if [[ $state == 0A && ${local_address##*:} == "$wanted" ]]; then
            echo "$inode"
            return 0
        fi
    done < <(cat /proc/net/tcp /proc/net/tcp6 2>/dev/null)
    return 0
}

# socket_owner INODE: who holds it, as far as we may see.
socket_owner() {
    local line pid=
    while read -r line; do
        if [[ $line == /proc/*:* ]]; then
            pid=${line#/proc/} && pid=${pid%%/*}
        elif [[ $line == *"socket:[$1]" && -n $pid ]]; then
            echo "$(tr '\0' ' ' <"/proc/$pid/cmdline" 2>/dev/null)(pid $pid)"
            return 0
        fi
    done < <(ls -l /proc/[0-9]*/fd 2>/dev/null)
    echo "another user's process"
}

# require_free_ports NAME...
require_free_ports() {
    local name port inode
    for name in "$@"; do
        for port in $(ports_of "$name"); do
            inode=$(listening_socket "$port")
            [[ -z $inode ]] || fail "port $port, which $name needs, is taken by $(socket_owner "$inode")." \
                "End that, or choose other ports with --base-port (now $base_port)"
        done
    done
}

# --- cluster.json ------------------------------------------------------------------------------------------------

write_cluster_json() {
    local name pid telemetry separator=
    {
        echo "{"
        echo "  \"account\": \"demo\","
        echo "  \"endpoint\": \"$(node_url edge-1 public)/demo\","
        echo "  \"privateKey\": \"$(<"$data/private.key")\","
        echo "  \"publicKey\": \"$(<"$data/public.key")\","
        echo "  \"apiURL\": \"$(node_url origin-1 api)\","
        echo "  \"nodes\": ["
        for name in $(edge_names) $(origin_names); do
            pid=$(running_pid "$name")
            telemetry=$(node_url "$name" telemetry)
            printf '%s    {"name": "%s", "role": "%s", "pid": %s,\n' "$separator" "$name" "$(node_role "$name")" \
                "${pid:-null}"
            case $(node_role "$name") in
                edge)
                    printf '     "publicURL": "%s", "adminURL": "%s",\n' "$(node_url "$name" public)" "$telemetry"
                    if [[ -n $tls_key ]]; then printf '     "tlsURL": "https://%s:%s",\n' "$host" "$(port_of "$name" tls)"; fi
                    ;;
                origin)
                    printf '     "adminURL": "%s", "protocolURL": "%s",\n' "$(node_url "$name" api)" \
                        "$(node_url "$name" protocol)"
                    ;;
            esac
            printf '     "metricsURL": "%s/metrics", "healthURL": "%s/health", "readyURL": "%s/ready",\n' \
                "$telemetry" "$telemetry" "$telemetry"
            printf '     "log": %s}' "$(json_string "$data/nodes/$name/log")"
            separator=$',\n'
        done
        printf '\n  ]\n}\n'
    } | write_file "$data/cluster.json" 600
}

require_tools
