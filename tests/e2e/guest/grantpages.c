/* In a guest: grant N pages to dom0, say their references on one line, keep them granted.
 * usage: grantpages N */
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

struct alloc { /* <xen/gntalloc.h>: ioctl_gntalloc_alloc_gref */
  uint16_t domid, flags;
  uint32_t count;
  uint64_t index;
  uint32_t refs[1];
};
#define GNTALLOC_ALLOC _IOC(_IOC_NONE, 'G', 5, 24)
#define WRITABLE 1

int main(int argc, char** argv) {
  int count = argc > 1 ? atoi(argv[1]) : 1;
  int fd = open("/dev/xen/gntalloc", O_RDWR);
  if (fd < 0) {
    perror("GUEST: gntalloc");
    return 1;
  }
  char line[512] = "";
  int used = 0;
  for (int i = 0; i < count && used < (int)sizeof line - 16; ++i) {
    struct alloc request = {.domid = 0, .flags = WRITABLE, .count = 1};
    if (ioctl(fd, GNTALLOC_ALLOC, &request)) {
      perror("GUEST: alloc");
      return 1;
    }
    uint32_t* page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, (off_t)request.index);
    if (page == MAP_FAILED) {
      perror("GUEST: mmap");
      return 1;
    }
    page[0] = 0x5eed0000u + (uint32_t)i;
    used += snprintf(line + used, sizeof line - (size_t)used, " %u", request.refs[0]);
  }
  printf("GUEST: GRANTS%s\n", line);
  fflush(stdout);
  for (;;) pause();
}
