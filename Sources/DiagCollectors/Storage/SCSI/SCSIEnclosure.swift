internal import DiagFormats

/// An enclosure with the name, status and content of each of its elements.
struct SCSIEnclosure: Codable, Hashable {
    /// One element, from the configuration, status, descriptor and additional status pages.
    struct Element: Codable, Hashable {
        /// What it is: `fan`, `device slot`.
        var type: String
        /// Its number among those of its kind in its enclosure, from 0.
        var index: Int
        /// The enclosure that it is in.
        var subenclosure: UInt8
        /// What the vendor calls it, where it has a name.
        var name: String?
        /// How it is: `OK`, `critical`.
        var status: String
        /// Its status, decoded.
        var detail: SESStatus.Element
        /// The number on the slot.
        var slotNumber: UInt8?
        /// The SAS addresses of what is in the slot.
        var sasAddresses: [String]?
    }

    /// The enclosures.
    var enclosures: [SESConfiguration.Enclosure]
    /// The overall state: `unrecoverable`, `critical`, `noncritical`, `OK`.
    var status: String
    /// Its elements, in the order of its configuration.
    var elements: [Element]

    /// Joins the pages; those that are missing, or of another configuration, are left out.
    init(
        _ configuration: SESConfiguration, status: SESStatus,
        descriptors: SESElementDescriptors?, additional: SESAdditionalStatus?
    ) {
        enclosures = configuration.enclosures
        self.status =
            status.isUnrecoverable
            ? "unrecoverable"
            : status.isCritical ? "critical" : status.isNonCritical ? "noncritical" : "OK"
        let generation = configuration.generationCode
        let names = descriptors?.generationCode == generation ? descriptors?.names : nil
        let slots = additional?.generationCode == generation ? additional?.slots ?? [] : []
        // The same element has two numbers, with and without those that stand for all of a kind.
        var byIndex = [Int: SESAdditionalStatus.Slot]()
        var byWholeIndex = [Int: SESAdditionalStatus.Slot]()
        for slot in slots {
            guard let index = slot.elementIndex else { continue }
            if slot.doIndexesCountOverall {
                byWholeIndex[Int(index)] = slot
            } else {
                byIndex[Int(index)] = slot
            }
        }
        var elements = [Element]()
        var wholeIndex = 0
        for (type, group) in status.groups.enumerated() where type < configuration.types.count {
            let kind = configuration.types[type]
            wholeIndex += 1
            for (index, detail) in group.elements.enumerated() {
                let slot = byIndex[elements.count] ?? byWholeIndex[wholeIndex]
                wholeIndex += 1
                let name = names.flatMap { names in
                    type < names.count && index + 1 < names[type].count
                        ? names[type][index + 1] : nil
                }
                let isSlot = kind.elementType == 1 || kind.elementType == 0x17
                elements.append(
                    Element(
                        type: SESElement.name(ofType: kind.elementType), index: index,
                        subenclosure: kind.subenclosureIdentifier,
                        name: name.flatMap { $0.isEmpty ? nil : $0 },
                        status: SESElement.status(detail.statusCode), detail: detail,
                        slotNumber: isSlot ? slot?.deviceSlotNumber : nil,
                        sasAddresses: isSlot ? slot?.phys.map(\.sasAddress) : nil))
            }
        }
        self.elements = elements
    }

    /// The elements that are not as they should be, the worst first.
    var faulty: [Element] {
        let ranks = ["unrecoverable": 0, "critical": 1, "noncritical": 2]
        func rank(_ element: Element) -> Int { ranks[element.status] ?? 3 }
        return elements.enumerated()
            .filter { _, element in
                ranks[element.status] != nil || element.detail.isFailurePredicted
                    || !element.detail.faults.isEmpty
                        && !["not installed", "not supported", "no access"].contains(element.status)
            }
            .sorted { (rank($0.element), $0.offset) < (rank($1.element), $1.offset) }
            .map(\.element)
    }
}
