// Compiles the declared collectors of the folder above into the program. Each file has its lines
// here, in the order of the names; a test compares them with the folder.
#include "CollectorLibrary.h"

#pragma clang diagnostic ignored "-Wc23-extensions"

static const unsigned char apache[] = {
#embed "../apache.yaml"
};
static const unsigned char cloud[] = {
#embed "../cloud.yaml"
};
static const unsigned char containers[] = {
#embed "../containers.yaml"
};
static const unsigned char firewall[] = {
#embed "../firewall.yaml"
};
static const unsigned char hardware[] = {
#embed "../hardware.yaml"
};
static const unsigned char kernel[] = {
#embed "../kernel.yaml"
};
static const unsigned char locale[] = {
#embed "../locale.yaml"
};
static const unsigned char logging[] = {
#embed "../logging.yaml"
};
static const unsigned char login[] = {
#embed "../login.yaml"
};
static const unsigned char lvm[] = {
#embed "../lvm.yaml"
};
static const unsigned char mail[] = {
#embed "../mail.yaml"
};
static const unsigned char mariadb[] = {
#embed "../mariadb.yaml"
};
static const unsigned char md[] = {
#embed "../md.yaml"
};
static const unsigned char multipath[] = {
#embed "../multipath.yaml"
};
static const unsigned char mysql[] = {
#embed "../mysql.yaml"
};
static const unsigned char network[] = {
#embed "../network.yaml"
};
static const unsigned char nginx[] = {
#embed "../nginx.yaml"
};
static const unsigned char nvme[] = {
#embed "../nvme.yaml"
};
static const unsigned char packages[] = {
#embed "../packages.yaml"
};
static const unsigned char postgresql[] = {
#embed "../postgresql.yaml"
};
static const unsigned char processes[] = {
#embed "../processes.yaml"
};
static const unsigned char scheduled[] = {
#embed "../scheduled.yaml"
};
static const unsigned char security[] = {
#embed "../security.yaml"
};
static const unsigned char services[] = {
#embed "../services.yaml"
};
static const unsigned char smart[] = {
#embed "../smart.yaml"
};
static const unsigned char time[] = {
#embed "../time.yaml"
};
static const unsigned char virtualization[] = {
#embed "../virtualization.yaml"
};

#define COLLECTOR(identifier) {#identifier ".yaml", identifier, sizeof identifier}

static const struct diag_collector_file files[] = {
    COLLECTOR(apache),
    COLLECTOR(cloud),
    COLLECTOR(containers),
    COLLECTOR(firewall),
    COLLECTOR(hardware),
    COLLECTOR(kernel),
    COLLECTOR(locale),
    COLLECTOR(logging),
    COLLECTOR(login),
    COLLECTOR(lvm),
    COLLECTOR(mail),
    COLLECTOR(mariadb),
    COLLECTOR(md),
    COLLECTOR(multipath),
    COLLECTOR(mysql),
    COLLECTOR(network),
    COLLECTOR(nginx),
    COLLECTOR(nvme),
    COLLECTOR(packages),
    COLLECTOR(postgresql),
    COLLECTOR(processes),
    COLLECTOR(scheduled),
    COLLECTOR(security),
    COLLECTOR(services),
    COLLECTOR(smart),
    COLLECTOR(time),
    COLLECTOR(virtualization),
};

const struct diag_collector_file *diag_collector_file_at(unsigned long index) {
    return index < sizeof files / sizeof files[0] ? &files[index] : 0;
}
