/* In dom0: follow the rig's own trace of grant maps, again and again choose a page that a guest has
 * granted, say which, and hold dom0's only CPU until the harness has raised a fault there: nothing
 * is unmapped meanwhile. usage: livegrant COUNT PERIOD_MS ENDED_PERCENT SEED   ("ended": a page
 * that was unmapped just before, in that many cases of 100) Reads the tracefs instance "rig". Says
 * in /share/window where the harness finds a struct window in memory (dom0's memory is where it
 * says). Leaves /tmp/truth (maps and unmaps) and /tmp/picks. Times: CLOCK_MONOTONIC_RAW in
 * microseconds, as the trace's. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

enum { SLOTS = 1 << 16, RECENT = 64, JUST = 8000, FRAMES = 1 << 20 };
struct mapping {
  unsigned long pfn, mfn;
  unsigned ref, domain;
  int live;
  uint64_t end; /* when it was unmapped */
};
static struct mapping slots[SLOTS], recent[RECENT];
static unsigned long recent_count;
static unsigned char used[FRAMES]; /* faults raised at a frame: a read, then a write */
static char text[1 << 20];
static size_t kept;
static FILE* truth;

struct window {
  uint32_t pick, acknowledged, frame, write; /* pick: counts up, written last */
};

/* A page of ours, its physical address in /share/window. */
static volatile struct window* open_window(void) {
  void* page = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
                    MAP_PRIVATE | MAP_ANONYMOUS | MAP_LOCKED | MAP_POPULATE, -1, 0);
  uint64_t entry = 0;
  int map = open("/proc/self/pagemap", O_RDONLY);
  FILE* file = fopen("/share/window.new", "w");
  if (page == MAP_FAILED || map < 0 || !file) return NULL;
  memset(page, 0, 4096);
  if (pread(map, &entry, 8, (off_t)((uintptr_t)page / 4096 * 8)) != 8) return NULL;
  fprintf(file, "%llx\n", (unsigned long long)((entry & ((1ull << 55) - 1)) << 12));
  fclose(file);
  close(map);
  return rename("/share/window.new", "/share/window") ? NULL : page;
}

static uint64_t now_us(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC_RAW, &t);
  return (uint64_t)t.tv_sec * 1000000 + (uint64_t)t.tv_nsec / 1000;
}

/* "  task-12  [000] d.s..  10.123456: op: (...) ...": the stamp stands before the event's name. */
static void line(char* s) {
  unsigned long pfn, mfn, seconds, micros;
  unsigned ref, domain;
  char *what, *task = s;
  while (*task == ' ') ++task;
  if ((what = strstr(s, ": op: "))) {
    char *stamp = what, *p = strstr(what, "pfn=");
    while (stamp > s && stamp[-1] != ' ') --stamp;
    if (sscanf(stamp, "%lu.%lu", &seconds, &micros) != 2) return;
    if (!p || sscanf(p, "pfn=%lx mfn=%lx ref=%x dom=%u", &pfn, &mfn, &ref, &domain) != 4) return;
    pfn >>= 12, mfn >>= 12;
    slots[pfn % SLOTS] = (struct mapping){pfn, mfn, ref, domain, 1, 0};
    fprintf(truth, "m %lu%06lu %lx %lx %x %u\n", seconds, micros, pfn, mfn, ref, domain);
  } else if ((what = strstr(s, ": gone: "))) {
    char *stamp = what, *p = strstr(what, "pfn=");
    while (stamp > s && stamp[-1] != ' ') --stamp;
    if (sscanf(stamp, "%lu.%lu", &seconds, &micros) != 2 || !p || sscanf(p, "pfn=%lx", &pfn) != 1)
      return;
    struct mapping* one = &slots[pfn % SLOTS];
    if (one->live && one->pfn == pfn) {
      one->live = 0;
      one->end = (uint64_t)seconds * 1000000 + micros;
      recent[recent_count++ % RECENT] = *one;
    }
    fprintf(truth, "u %lu%06lu %lx %.15s\n", seconds, micros, pfn, task);
  }
}

static void follow(int pipe) {
  ssize_t n;
  while ((n = read(pipe, text + kept, sizeof text - 1 - kept)) > 0) {
    kept += (size_t)n;
    text[kept] = 0;
    char *begin = text, *end;
    while ((end = strchr(begin, '\n'))) {
      *end = 0;
      line(begin);
      begin = end + 1;
    }
    kept -= (size_t)(begin - text);
    memmove(text, begin, kept);
  }
}

static int is_live(unsigned long mfn) {
  for (unsigned i = 0; i < SLOTS; ++i)
    if (slots[i].live && slots[i].mfn == mfn) return 1;
  return 0;
}

static const struct mapping* choose(int ended) {
  static const struct mapping* found[SLOTS];
  unsigned count = 0;
  if (ended) {
    for (unsigned long i = recent_count > RECENT ? recent_count - RECENT : 0; i < recent_count;
         ++i) {
      const struct mapping* one = &recent[i % RECENT];
      if (one->end + JUST > now_us() && used[one->mfn % FRAMES] < 2 && !is_live(one->mfn))
        found[count++] = one;
    }
  } else {
    for (unsigned i = 0; i < SLOTS; ++i)
      if (slots[i].live && used[slots[i].mfn % FRAMES] < 2) found[count++] = &slots[i];
  }
  return count ? found[(unsigned)rand() % count] : NULL;
}

int main(int argc, char** argv) {
  if (argc < 5) return 64;
  int count = atoi(argv[1]), period = atoi(argv[2]), percent = atoi(argv[3]);
  srand((unsigned)atoi(argv[4]));
  int pipe = open("/sys/kernel/tracing/instances/rig/trace_pipe", O_RDONLY | O_NONBLOCK);
  volatile struct window* window = open_window();
  FILE* picks = fopen("/tmp/picks", "w");
  truth = fopen("/tmp/truth", "w");
  if (pipe < 0 || !window || !picks || !truth) {
    perror("livegrant");
    return 1;
  }
  for (int i = 1; i <= count;) {
    uint64_t until = now_us() + (uint64_t)period * 1000;
    do {
      follow(pipe);
      usleep(2000);
    } while (now_us() < until);
    int ended = rand() % 100 < percent;
    sched_setscheduler(0, SCHED_FIFO, &(struct sched_param){.sched_priority = 50});
    follow(pipe);
    const struct mapping* one = choose(ended);
    if (!one) {
      sched_setscheduler(0, SCHED_OTHER, &(struct sched_param){0});
      continue;
    }
    unsigned long frame = one->mfn;
    int write_access = used[one->mfn % FRAMES]++;
    window->frame = (uint32_t)one->mfn;
    window->write = (uint32_t)write_access;
    uint64_t before = now_us();
    __sync_synchronize();
    window->pick = (uint32_t)i;
    while (window->acknowledged != (uint32_t)i && now_us() - before < 800000) {
    }
    fprintf(picks, "%d %lx %d %s %llu %llu\n", i, frame, write_access, ended ? "ended" : "live",
            (unsigned long long)before, (unsigned long long)now_us());
    ++i;
    sched_setscheduler(0, SCHED_OTHER, &(struct sched_param){0});
  }
  for (int n = 0; n < 100; ++n) {
    usleep(10000);
    follow(pipe);
  }
  fclose(picks);
  return fclose(truth);
}
