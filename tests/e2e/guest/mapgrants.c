#define _GNU_SOURCE /* clock_gettime */
/* In dom0: map and unmap pages that a guest has granted, as one batch, again and again.
 * usage: mapgrants DOMID ROUNDS REF...   prints: nanoseconds for one page mapped and unmapped, the
 * hypervisor's part included */
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

enum { MOST = 64 };
struct map { /* <xen/gntdev.h>: ioctl_gntdev_map_grant_ref */
  uint32_t count, pad;
  uint64_t index;
  struct {
    uint32_t domid, ref;
  } refs[MOST];
};
struct unmap { /* ioctl_gntdev_unmap_grant_ref */
  uint64_t index;
  uint32_t count, pad;
};
#define GNTDEV_MAP _IOC(_IOC_NONE, 'G', 0, 24)
#define GNTDEV_UNMAP _IOC(_IOC_NONE, 'G', 1, 16)

static uint64_t now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

static int once(int fd, struct map* request) {
  size_t size = (size_t)request->count * 4096;
  if (ioctl(fd, GNTDEV_MAP, request)) return -1;
  void* pages = mmap(NULL, size, PROT_READ, MAP_SHARED, fd, (off_t)request->index);
  if (pages == MAP_FAILED || munmap(pages, size)) return -1;
  struct unmap gone = {.index = request->index, .count = request->count};
  return ioctl(fd, GNTDEV_UNMAP, &gone);
}

int main(int argc, char** argv) {
  int fd = open("/dev/xen/gntdev", O_RDWR);
  if (argc < 4 || argc - 3 > MOST) return 64;
  struct map request = {.count = (uint32_t)(argc - 3)};
  for (int i = 3; i < argc; ++i) {
    request.refs[i - 3].domid = (uint32_t)atoi(argv[1]);
    request.refs[i - 3].ref = (uint32_t)atoi(argv[i]);
  }
  long rounds = atol(argv[2]);
  uint64_t begin = now();
  for (long i = 0; i < rounds; ++i) {
    if (fd < 0 || once(fd, &request)) {
      perror("mapgrants");
      return 1;
    }
  }
  printf("%llu\n", (unsigned long long)((now() - begin) / (uint64_t)rounds / request.count));
  return 0;
}
