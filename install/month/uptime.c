/* libfaketime leaves sysinfo() alone, from which Bun takes the time since boot: here it follows the same clock. */
#include <sys/sysinfo.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

int sysinfo(struct sysinfo *info) {
  struct timespec since_boot;
  if (syscall(SYS_sysinfo, info) != 0) return -1;
  if (clock_gettime(CLOCK_MONOTONIC, &since_boot) != 0) return -1;
  info->uptime = since_boot.tv_sec;
  return 0;
}
