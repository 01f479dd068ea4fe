/// The usual names of SMART attributes.
///
/// No standard gives them; these are the numbers that most vendors share, under the names that
/// administrators know from smartmontools.
public enum SMARTAttributeName {
    /// The usual name of attribute `id`, `Unknown_Attribute` for one that has none.
    public static func name(of id: UInt8) -> String { names[id] ?? "Unknown_Attribute" }

    private static let names: [UInt8: String] = [
        1: "Raw_Read_Error_Rate", 2: "Throughput_Performance", 3: "Spin_Up_Time",
        4: "Start_Stop_Count", 5: "Reallocated_Sector_Ct", 6: "Read_Channel_Margin",
        7: "Seek_Error_Rate", 8: "Seek_Time_Performance", 9: "Power_On_Hours",
        10: "Spin_Retry_Count", 11: "Calibration_Retry_Count", 12: "Power_Cycle_Count",
        13: "Read_Soft_Error_Rate", 22: "Helium_Level", 23: "Helium_Condition_Lower",
        24: "Helium_Condition_Upper", 160: "Uncorrectable_Sectors_Online",
        161: "Valid_Spare_Blocks", 163: "Initial_Invalid_Blocks", 164: "Total_Erase_Count",
        165: "Maximum_Erase_Count", 166: "Minimum_Erase_Count", 167: "Average_Erase_Count",
        168: "Maximum_Erase_Count_Of_Spec", 169: "Remaining_Lifetime_Perc",
        170: "Available_Reservd_Space", 171: "Program_Fail_Count", 172: "Erase_Fail_Count",
        173: "Average_Block_Erase_Count", 174: "Unexpect_Power_Loss_Ct",
        175: "Program_Fail_Count_Chip", 176: "Erase_Fail_Count_Chip", 177: "Wear_Leveling_Count",
        178: "Used_Rsvd_Blk_Cnt_Chip", 179: "Used_Rsvd_Blk_Cnt_Tot",
        180: "Unused_Rsvd_Blk_Cnt_Tot", 181: "Program_Fail_Cnt_Total",
        182: "Erase_Fail_Count_Total", 183: "Runtime_Bad_Block", 184: "End-to-End_Error",
        187: "Reported_Uncorrect", 188: "Command_Timeout", 189: "High_Fly_Writes",
        190: "Airflow_Temperature_Cel", 191: "G-Sense_Error_Rate",
        192: "Power-Off_Retract_Count", 193: "Load_Cycle_Count", 194: "Temperature_Celsius",
        195: "Hardware_ECC_Recovered", 196: "Reallocated_Event_Count",
        197: "Current_Pending_Sector", 198: "Offline_Uncorrectable", 199: "UDMA_CRC_Error_Count",
        200: "Multi_Zone_Error_Rate", 201: "Soft_Read_Error_Rate", 202: "Data_Address_Mark_Errs",
        203: "Run_Out_Cancel", 204: "Soft_ECC_Correction", 205: "Thermal_Asperity_Rate",
        206: "Flying_Height", 207: "Spin_High_Current", 208: "Spin_Buzz",
        209: "Offline_Seek_Performnce", 220: "Disk_Shift", 221: "G-Sense_Error_Rate",
        222: "Loaded_Hours", 223: "Load_Retry_Count", 224: "Load_Friction",
        225: "Load_Cycle_Count", 226: "Load-in_Time", 227: "Torq-amp_Count",
        228: "Power-off_Retract_Count", 230: "Head_Amplitude", 231: "SSD_Life_Left",
        232: "Available_Reservd_Space", 233: "Media_Wearout_Indicator",
        234: "Average_Maximum_Erase_Count", 235: "Good_Block_System_Free_Count",
        240: "Head_Flying_Hours", 241: "Total_LBAs_Written", 242: "Total_LBAs_Read",
        243: "Total_LBAs_Written_Expanded", 244: "Total_LBAs_Read_Expanded",
        245: "Flash_Writes_GiB", 246: "Total_Host_Sector_Write",
        247: "Host_Program_Page_Count", 248: "FTL_Program_Page_Count",
        249: "NAND_Writes_1GiB", 250: "Read_Error_Retry_Rate", 251: "Minimum_Spares_Remaining",
        252: "Newly_Added_Bad_Flash_Block", 254: "Free_Fall_Sensor",
    ]
}
