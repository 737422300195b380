"""The real Xen hypervisor under qemu-system-aarch64, as a test fixture."""
