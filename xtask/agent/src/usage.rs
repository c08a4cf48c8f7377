//! What the commands of a guest are.

/// Printed where a command is called as none of them.
pub(crate) const USAGE: &str = "usage: host REQUEST [WORD…]   asks the host, e.g. host device-del mem0
       save NAME < FILE        stores a file in the boot's folder on the host
       cxl-dump                prints what /sys/bus/cxl shows, device by device
       cxl-expect              compares /sys/bus/cxl with what the topology implies; after changes, too
       cxl-regions list        regions to be created or refused; name, arguments, check
       cxl-topology sample     devices and slots by their ids in the topology; slots, memdev, pci, region, hpa\n";
