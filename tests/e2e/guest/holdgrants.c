/* In dom0: map pages that a guest has granted and hold them mapped until killed, as a backend holds
 * the pages of a request. usage: holdgrants r|w DOMID REF... */
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

struct map { /* <xen/gntdev.h>: ioctl_gntdev_map_grant_ref */
  uint32_t count, pad;
  uint64_t index;
  uint32_t domid, ref;
};
#define GNTDEV_MAP _IOC(_IOC_NONE, 'G', 0, 24)

int main(int argc, char** argv) {
  int fd = open("/dev/xen/gntdev", O_RDWR);
  if (fd < 0 || argc < 4) {
    perror("gntdev");
    return 1;
  }
  int protection = *argv[1] == 'w' ? PROT_READ | PROT_WRITE : PROT_READ;
  for (int i = 3; i < argc; ++i) {
    struct map request = {
        .count = 1, .domid = (uint32_t)atoi(argv[2]), .ref = (uint32_t)atoi(argv[i])};
    if (ioctl(fd, GNTDEV_MAP, &request)) {
      perror("map");
      return 1;
    }
    volatile uint32_t* page = mmap(NULL, 4096, protection, MAP_SHARED, fd, (off_t)request.index);
    if (page == MAP_FAILED) {
      perror("mmap");
      return 1;
    }
    printf("held d%s ref %s: %08x\n", argv[2], argv[i], page[0]);
  }
  fflush(stdout);
  for (;;) pause();
}
