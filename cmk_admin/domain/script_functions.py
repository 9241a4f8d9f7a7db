"""What a script needs more than one call of az for, as functions of bash."""

FUNCTIONS = {
    "patiently": """patiently() { # COMMAND...: again for 20 minutes, since what was given back takes up to 10 to count
    local tries
    for tries in $(seq 1 "${TRIES:-40}"); do
        "$@" && return
        sleep "${PAUSE:-30}"
    done
    return 1
}
""",
    "unless_there": """unless_there() { # ID API_VERSION COMMAND...: nothing to do where it is there already
    az rest --method get --url "$1?api-version=$2" >/dev/null 2>&1 && return
    shift 2
    "$@"
}
""",
    "revalidate_flexible": """revalidate_flexible() { # SERVER: its encryption settings once more, on which it tries its key
    local settings
    settings=$(az rest --method get --url "$1?api-version=2024-12-30" \\
        --query '{properties: {dataEncryption: properties.dataEncryption}}' --output json) || return
    az rest --method patch --url "$1?api-version=2024-12-30" --body "$settings"
}
""",
    "revalidate_single": """revalidate_single() { # SERVER: its server key once more, on which it tries its key
    local key settings
    key=$(az rest --method get --url "$1/keys?api-version=2020-01-01" --query 'value[0].id' --output tsv) || return
    settings=$(az rest --method get --url "$key?api-version=2020-01-01" --output json \\
        --query '{properties: {serverKeyType: properties.serverKeyType, uri: properties.uri}}') || return
    az rest --method put --url "$key?api-version=2020-01-01" --body "$settings"
}
""",
    "node_machines": """node_machines() { # start|deallocate CLUSTER: the machines of all its node pools
    local group sets
    group=$(az rest --method get --url "$2?api-version=2024-09-01" --query properties.nodeResourceGroup --output tsv) || return
    sets=$(az vmss list --resource-group "$group" --subscription "$(cut -d/ -f3 <<<"$2")" --query '[].id' --output tsv) || return
    xargs -r -n1 az vmss "$1" --ids <<<"$sets"
}
""",
    "set_machines": """set_machines() { # start|deallocate SET: every machine with a disk of a disk encryption set
    local disks owners
    disks=$(az rest --method get --url "$2/associatedResources?api-version=2023-04-02" --query 'value' --output tsv) || return
    owners=$(xargs -r -n1 az resource show --query managedBy --output tsv --ids <<<"$disks") || return
    sed -n 's|\\(.*/virtualMachineScaleSets/[^/]*\\).*|\\1|Ip' <<<"$owners" | sort -u | xargs -r -n1 az vmss "$1" --ids
    sed -n '/virtualMachineScaleSets/I!p' <<<"$owners" | sort -u | xargs -r -n1 az vm "$1" --ids
}
""",
}
"""By name. api-versions older than the program's own, so that an older az and cloud take them too."""
