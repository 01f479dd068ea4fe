"""What smartctl says of SCSI and ATA disks, and where it stands in `storage/scsi/`."""

from compare import Rule, Table, hexadecimal, number, text, truth_value
from rows_storage import smart, smart_attributes

MOVES = "it moves between two readings"
FOLDER = "storage/scsi/"


def disk(ours, key, row):
    """The document of a disk."""
    return ours.document(FOLDER + key.split("/")[0] + ".json")


def ata(found):
    """The ATA part of a document, which stands in it or is it."""
    return (found or {}).get("ata") or found


def attribute(ours, key, row):
    """One SMART attribute."""
    found = ata(disk(ours, key, row))
    for one in ((found or {}).get("smart") or {}).get("attributes", []):
        if one.get("id") == row["id"]:
            return one
    return None


def unit_name(found):
    """The NAA name of the logical unit, among its designators."""
    for one in ((found or {}).get("identification") or {}).get("designators", []):
        if one.get("kind") == "naa" and one.get("association") == "logicalUnit":
            return one.get("value")
    return None


def capacity(found):
    """The bytes that READ CAPACITY gives."""
    told = (found or {}).get("capacity")
    return told and (told["lastLogicalBlock"] + 1) * told["logicalBlockByteCount"]


def ata_capacity(found):
    """The bytes that IDENTIFY DEVICE gives."""
    told = (ata(found) or {}).get("identify")
    return told and told["userAddressableSectors48"] * told["logicalSectorBytes"]


def is_scsi(truth):
    """The rows of disks that speak SCSI."""
    return [(key, row) for key, row in smart(truth) if row["device"]["protocol"] == "SCSI"]


def is_ata(truth):
    """The rows of disks that speak ATA."""
    return [(key, row) for key, row in smart(truth) if row["device"]["protocol"] == "ATA"]


def identify(path):
    """A path below IDENTIFY DEVICE, wherever the ATA part stands."""
    return "ata/identify/%s|identify/%s" % (path, path)


TABLES = [
    Table("smartctl: SCSI", is_scsi, 12, [
        Rule("scsi_vendor", disk, "inquiry/vendor", text),
        Rule("scsi_product", disk, "inquiry/product", text),
        Rule("scsi_revision", disk, "inquiry/revision", text),
        Rule("serial_number", disk, "unitSerialNumber/serialNumber", text),
        Rule("logical_unit_id", disk, unit_name, hexadecimal),
        Rule("byteCount", disk, capacity, number),
        Rule("logical_block_size", disk, "capacity/logicalBlockByteCount", number),
    ], FOLDER),
    Table("smartctl: ATA", is_ata, 1, [
        Rule("model_name", disk, identify("modelNumber"), text),
        Rule("serial_number", disk, identify("serialNumber"), text),
        Rule("firmware_version", disk, identify("firmwareRevision"), text),
        Rule("byteCount", disk, ata_capacity, number),
        Rule("logical_block_size", disk, identify("logicalSectorBytes"), number),
        Rule("physical_block_size", disk, identify("physicalSectorBytes"), number),
        Rule("smart_passed", disk, lambda found: None if ata(found) is None else
             ata(found).get("isSMARTThresholdExceeded") is False, truth_value),
        Rule("offline_status", disk, "ata/smart/offlineDataCollectionStatus"
             "|smart/offlineDataCollectionStatus", number),
        Rule("short_minutes", disk, "ata/smart/shortSelfTestMinutes"
             "|smart/shortSelfTestMinutes", number),
        Rule("extended_minutes", disk, "ata/smart/extendedSelfTestMinutes"
             "|smart/extendedSelfTestMinutes", number),
    ], FOLDER),
    Table("smartctl: attributes", smart_attributes, 7, [
        Rule("id", attribute, "id", number),
        Rule("name", attribute, "name", text),
        Rule("value", attribute, "value", number),
        Rule("worst", attribute, "worst", number),
        Rule("thresh", attribute, "threshold", number),
        Rule("raw", attribute, "rawNumber", number, MOVES),
    ], FOLDER),
]
