# For users of meta-virtualization, which brings Xen itself. Layers needed beside it, all of the same release:
#   openembedded-core, meta-oe (cli11, fmt, inih, nlohmann-json, spdlog), meta-virtualization (xen-tools).
# Copy this folder into a layer of your own, set the source below to where your copy of the code is, and add
#   IMAGE_INSTALL:append = " xen-iommu-check"
# to the configuration of dom0's image.
SUMMARY = "Explains IOMMU faults on Xen and finds the Arm grant-mapping regression"
DESCRIPTION = "Tells whether a Xen hypervisor on Arm fails to map granted pages into dom0's IOMMU tables, proves it \
where it can, and explains every IOMMU fault."
SECTION = "console/tools"
LICENSE = "MIT"
LIC_FILES_CHKSUM = "file://LICENSE;md5=dcd8925bd3dc8dbeadf9f0985fb0effd"

# A release, unpacked from a local archive; SRCREV and a git URI work as well.
SRC_URI = "file://xen-iommu-check-${PV}.tar.gz"
S = "${WORKDIR}/xen-iommu-check-${PV}"

# tl-expected is not in openembedded-core or meta-oe: its one header has to come from a layer of yours.
DEPENDS = "cli11 fmt inih libarchive nlohmann-json spdlog systemd tl-expected xen-tools"

inherit cmake pkgconfig python3native bash-completion systemd features_check

REQUIRED_DISTRO_FEATURES = "systemd"

EXTRA_OECMAKE = "-DBUILD_TESTING=OFF -DXIC_ZSH_COMPLETIONS_DIR=${datadir}/zsh/site-functions"

# The daemon as a package of its own, enabled where it is installed.
PACKAGES =+ "xen-iommud"
SYSTEMD_PACKAGES = "xen-iommud"
SYSTEMD_SERVICE:xen-iommud = "xen-iommud.service"
FILES:xen-iommud = "${sbindir}/xen-iommud ${sysconfdir}/xen-iommud ${systemd_system_unitdir} ${nonarch_libdir}/systemd/catalog"
CONFFILES:xen-iommud = "${sysconfdir}/xen-iommud/xen-iommud.conf"
RDEPENDS:xen-iommud = "${PN} (= ${EXTENDPKGV})"

# Loaded by name, when an archive is read or written.
RDEPENDS:${PN} += "libarchive"

# scdoc-native, where a layer has it, brings the manual pages; without it the build has none.
FILES:${PN} += "${datadir}/xen-iommu-check ${datadir}/zsh ${libexecdir}/xen-iommu-check"

# The hypervisor and its tools are Arm's concern here; logs can be judged on any machine.
COMPATIBLE_HOST = "(aarch64|arm|x86_64).*-linux"
