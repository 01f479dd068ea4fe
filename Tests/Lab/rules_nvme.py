"""What nvme-cli says beyond names and sizes, and where it stands in `storage/nvme/`."""

from compare import Rule, Table, number, text
from rows_storage import namespaces, nvme_controllers, nvme_health

MOVES = "it moves between two readings"
FOLDER = "storage/nvme/"


def controller(ours, key, row):
    """Identify Controller of ours."""
    return (ours.document(FOLDER + key + ".json") or {}).get("controller")


def health(ours, key, row):
    """The SMART / Health Information of ours."""
    return (ours.document(FOLDER + key + ".json") or {}).get("health")


def namespace(ours, key, row):
    """Identify Namespace of ours: that of any controller that has it."""
    node = ours.node(key) or {}
    number_of = node.get("attributes", {}).get("nsid")
    for above in _controllers(ours, node):
        document = ours.document(FOLDER + above + ".json") or {}
        for one in document.get("namespaces", []):
            if one.get("identifier") == number_of:
                return one.get("identity")
    return None


def _controllers(ours, node):
    for above in ours.parents(node):
        if above["kind"] == "controller":
            yield above["name"]
        else:
            yield from _controllers(ours, above)


IDENTIFY = {
    "vid": "vendorIdentifier", "ssvid": "subsystemVendorIdentifier",
    "rab": "recommendedArbitrationBurst", "ieee": "ieeeIdentifier",
    "cmic": "multipathCapabilities", "mdts": "maximumDataTransferExponent",
    "cntlid": "controllerIdentifier", "ver": "version", "rtd3r": "resumeLatencyMicroseconds",
    "rtd3e": "entryLatencyMicroseconds", "oaes": "optionalEvents", "ctratt": "attributes",
    "rrls": "readRecoveryLevels", "cntrltype": "controllerType", "oacs": "optionalAdminCommands",
    "acl": "abortCommandLimit", "aerl": "eventRequestLimit", "frmw": "firmwareUpdates",
    "lpa": "logPageAttributes", "elpe": "errorLogEntries", "avscc": "adminVendorCommands",
    "apsta": "autonomousPowerTransitions", "wctemp": "warningTemperatureKelvin",
    "cctemp": "criticalTemperatureKelvin", "mtfa": "firmwareActivationTime",
    "hmpre": "hostMemoryPreferred", "hmmin": "hostMemoryMinimum",
    "tnvmcap": "totalCapacityBytes", "unvmcap": "unallocatedCapacityBytes",
    "rpmbs": "replayProtectedMemory", "edstt": "extendedSelfTestMinutes",
    "dsto": "selfTestOptions", "fwug": "firmwareUpdateGranularity", "kas": "keepAliveGranularity",
    "hctma": "hostThermalManagement", "mntmt": "minimumThermalKelvin",
    "mxtmt": "maximumThermalKelvin", "sanicap": "sanitizeCapabilities",
    "nsetidmax": "setIdentifierMaximum", "endgidmax": "enduranceGroupMaximum",
    "anatt": "anaTransitionSeconds", "anacap": "anaCapabilities",
    "anagrpmax": "anaGroupMaximum", "nanagrpid": "anaGroupCount",
    "pels": "persistentEventLogSize", "sqes": "commandSet/submissionEntrySizes",
    "cqes": "commandSet/completionEntrySizes", "maxcmd": "commandSet/maximumCommands",
    "nn": "commandSet/namespaceIdentifierMaximum", "oncs": "commandSet/optionalCommands",
    "fuses": "commandSet/fusedOperations", "fna": "commandSet/formatAttributes",
    "vwc": "commandSet/volatileWriteCache", "awun": "commandSet/atomicWriteUnit",
    "awupf": "commandSet/atomicWriteUnitPowerFail", "nwpc": "commandSet/writeProtection",
    "sgls": "commandSet/scatterGatherLists", "mnan": "commandSet/maximumNamespaces",
}

HEALTH = {
    "critical_warning": ("criticalWarning", None), "temperature": ("temperatureKelvin", MOVES),
    "avail_spare": ("availableSparePercent", None),
    "spare_thresh": ("spareThresholdPercent", None), "percent_used": ("percentageUsed", None),
    "endurance_grp_critical_warning_summary": ("enduranceGroupWarning", None),
    "data_units_read": ("dataUnitsRead", MOVES), "data_units_written": ("dataUnitsWritten", MOVES),
    "host_read_commands": ("hostReadCommands", MOVES),
    "host_write_commands": ("hostWriteCommands", MOVES),
    "controller_busy_time": ("controllerBusyMinutes", MOVES),
    "power_cycles": ("powerCycles", None), "power_on_hours": ("powerOnHours", MOVES),
    "unsafe_shutdowns": ("unsafeShutdowns", None), "media_errors": ("mediaErrors", None),
    "num_err_log_entries": ("errorLogEntries", None),
    "warning_temp_time": ("warningTemperatureMinutes", None),
    "critical_comp_time": ("criticalTemperatureMinutes", None),
}

NAMESPACE = {
    "nsze": "sizeInBlocks", "ncap": "capacityInBlocks", "nuse": "usedBlocks",
    "nsfeat": "features", "flbas": "formattedSize", "mc": "metadataCapabilities",
    "dpc": "protectionCapabilities", "dps": "protectionSettings",
    "nmic": "multipathCapabilities", "rescap": "reservationCapabilities",
    "dlfeat": "deallocateFeatures", "nawun": "atomicWriteUnit",
    "nawupf": "atomicWriteUnitPowerFail", "nacwu": "atomicCompareWriteUnit",
    "nabsn": "atomicBoundary", "nabo": "atomicBoundaryOffset",
    "nabspf": "atomicBoundaryPowerFail", "noiob": "optimalBoundaryInBlocks",
    "nvmcap": "capacityBytes", "npwg": "preferredWriteGranularity",
    "npwa": "preferredWriteAlignment", "npdg": "preferredDeallocateGranularity",
    "npda": "preferredDeallocateAlignment", "nows": "optimalWriteSize", "anagrpid": "anaGroup",
    "nsattr": "attributes", "nvmsetid": "nvmSet", "endgid": "enduranceGroup",
    "byteCount": "byteCount", "blockByteCount": "blockByteCount",
}

TABLES = [
    Table("nvme id-ctrl", nvme_controllers, 3, [
        Rule("sn", controller, "serialNumber", text),
        Rule("mn", controller, "modelNumber", text),
        Rule("fr", controller, "firmwareRevision", text),
        Rule("subnqn", controller, "subsystemName", text),
        *[Rule(field, controller, path, number) for field, path in IDENTIFY.items()],
    ], FOLDER),
    Table("nvme smart-log", nvme_health, 3, [
        Rule(field, health, path, number, allowed) for field, (path, allowed) in HEALTH.items()
    ], FOLDER),
    Table("nvme id-ns", namespaces, 3, [
        Rule(field, namespace, path, number) for field, path in NAMESPACE.items()
    ], FOLDER),
]
