internal import DiagModel

/// The faults that sysfs shows of SCSI devices, hosts and transports.
enum SCSISysfsFindings {
    private static let evidence = [Finding.Evidence(artifact: "storage/scsi-devices.json")]

    /// The faults in `document`, device by device, then host by host.
    static func findings(_ document: SCSISysfsDocument) -> [Finding] {
        document.devices.flatMap { device in
            [state(device), timeouts(device), errors(device)].compactMap(\.self)
        } + hosts(document) + channelPorts(document) + links(document)
    }

    private static func finding(
        _ fault: String, _ severity: Finding.Severity, _ object: String, place: String,
        _ reason: String, _ actions: [String]
    ) -> Finding {
        Finding(
            fault: fault, severity: severity, collector: "storage", object: object, place: place,
            reason: reason, recommendedActions: actions, evidence: evidence)
    }

    private static func name(_ device: SCSISysfsDocument.Device) -> String {
        device.block ?? device.generic ?? device.address
    }

    private static func place(_ device: SCSISysfsDocument.Device) -> String {
        if let node = device.block ?? device.generic { return "/dev/\(node)" }
        return "/sys/class/scsi_device/\(device.address)"
    }

    private static func title(_ device: SCSISysfsDocument.Device) -> String {
        let parts = [device.vendor, device.model, device.serialNumber].compactMap(\.self)
        return "\(name(device)) (\((parts + ["at \(device.address)"]).joined(separator: " ")))"
    }

    private static func state(_ device: SCSISysfsDocument.Device) -> Finding? {
        guard let state = device.state, SCSITarget.deadStates.contains(state) else { return nil }
        let isLeaving = ["cancel", "deleted"].contains(state)
        let meaning =
            switch state {
            case "offline": "the kernel gave it up after errors that no reset cured"
            case "transport-offline": "the way to it was lost for longer than its time-out"
            case "blocked", "created-blocked": "its transport holds commands back for now"
            case "quiesce": "only special commands are let through for now"
            default: "it is being removed"
            }
        return finding(
            "storage.scsi.device-state", isLeaving || state == "quiesce" ? .notice : .major,
            name(device), place: place(device),
            "\(title(device)) is in the state \(state): \(meaning).",
            state == "offline"
                ? [
                    "Look in the kernel log for the errors that came before.",
                    "After the cause is repaired: `echo running > "
                        + "/sys/class/scsi_device/\(device.address)/device/state`.",
                ] : ["Look in the kernel log for its host and transport."])
    }

    private static func timeouts(_ device: SCSISysfsDocument.Device) -> Finding? {
        guard let count = device.counters["iotmo_cnt"], count > 0 else { return nil }
        return finding(
            "storage.scsi.timeouts", count >= 10 ? .minor : .notice, name(device),
            place: place(device),
            "\(count) commands to \(title(device)) timed out since it was found.",
            ["Look in the kernel log when that was, and whether resets followed."])
    }

    /// Devices refuse some commands by right, so that only a share of errors says something.
    private static func errors(_ device: SCSISysfsDocument.Device) -> Finding? {
        guard let errors = device.counters["ioerr_cnt"],
            let requests = device.counters["iorequest_cnt"], errors >= 100, requests > 0,
            Double(errors) / Double(requests) >= 0.01
        else { return nil }
        return finding(
            "storage.scsi.errors", .notice, name(device), place: place(device),
            "\(errors) of \(requests) commands to \(title(device)) ended with an error.",
            ["Look in the kernel log for the sense data of this device."])
    }

    private static func hosts(_ document: SCSISysfsDocument) -> [Finding] {
        document.objects.compactMap { object in
            guard object.kind == "scsi_host", let state = object.attributes["state"],
                state.contains("recovery") || ["offline", "cancel", "deleted"].contains(state)
            else { return nil }
            let driver = object.attributes["proc_name"] ?? "unknown driver"
            return finding(
                "storage.scsi.host-state", .major, object.name,
                place: "/sys/class/scsi_host/\(object.name)",
                "The SCSI host \(object.name) (\(driver)) is in the state \(state): commands to "
                    + "all of its devices wait.",
                ["Look in the kernel log for resets and aborts of this host."])
        }
    }

    private static func channelPorts(_ document: SCSISysfsDocument) -> [Finding] {
        let remotePorts = document.objects.filter { $0.kind == "fc_remote_ports" }
        // A port that never had a target may be without a cable by intention.
        let used = Set(
            remotePorts.compactMap { host(ofRemotePort: $0.name) }
                + document.devices.map { "host\($0.address.prefix { $0 != ":" })" })
        let ports = document.objects.compactMap { object -> Finding? in
            guard object.kind == "fc_host", let state = object.attributes["port_state"],
                !["Online", "Unknown", "Loopback", "Diagnostics"].contains(state)
            else { return nil }
            let isUsed = used.contains(object.name)
            return finding(
                "storage.fc.port-state", isUsed || state == "Error" ? .major : .notice,
                object.name, place: "/sys/class/fc_host/\(object.name)",
                "The Fibre Channel port \(object.name) (\(object.attributes["port_name"] ?? "?")) "
                    + "is \(state)"
                    + (isUsed ? "; it had targets." : " and has no targets; it may be unused."),
                ["Check its cable, its transceiver, and the port of the switch."])
        }
        return ports
            + remotePorts.compactMap { object in
                guard let state = object.attributes["port_state"],
                    ["Blocked", "Not Present", "Marginal", "Offline", "Error"].contains(state),
                    object.attributes["roles"]?.contains("FCP Target") != false
                else { return nil }
                return finding(
                    "storage.fc.remote-port", state == "Marginal" ? .minor : .major, object.name,
                    place: "/sys/class/fc_remote_ports/\(object.name)",
                    "The storage port \(object.attributes["port_name"] ?? object.name), seen from "
                        + "\(host(ofRemotePort: object.name) ?? "this host"), is \(state).",
                    [
                        "Check the array's controller and its port, and the zoning of the switch.",
                        "See which paths are left: `multipath -ll`.",
                    ])
            }
    }

    /// The host in a name like `rport-3:0-1`.
    private static func host(ofRemotePort name: String) -> String? {
        guard name.hasPrefix("rport-") else { return nil }
        return "host\(name.dropFirst(6).prefix { $0 != ":" })"
    }

    private static func links(_ document: SCSISysfsDocument) -> [Finding] {
        document.objects.compactMap { object in
            guard object.kind == "ata_device",
                let count = object.attributes["spdn_cnt"].flatMap(SCSISysfs.number), count > 0
            else { return nil }
            return finding(
                "storage.ata.link-slowed", .minor, object.name,
                place: "/sys/class/ata_device/\(object.name)",
                "The kernel slowed the link of \(object.name) down \(count) times after errors.",
                ["Check the cable and the backplane slot of this disk."])
        }
    }
}
