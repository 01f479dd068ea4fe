internal import DiagSystem

/// Takes NVMe admin commands that only read: a controller, or in a test what one answered once.
protocol NVMeTransport {
    /// Sends `command` and gives what came back.
    ///
    /// - Throws: when the command could not be sent; what the controller refuses is a response.
    func execute(_ command: NVMeAdminCommand) throws(SystemCallError) -> NVMeAdminResponse
}

/// A controller by its open character device.
final class NVMeDevice: NVMeTransport {
    private let file: DeviceFile

    init(_ file: consuming DeviceFile) { self.file = file }

    func execute(_ command: NVMeAdminCommand) throws(SystemCallError) -> NVMeAdminResponse {
        try file.execute(command)
    }
}
