/*
 * What the disk itself can do: appends blocks of a size to a file, with an fdatasync after each, for
 * a time. Prints how many it did in a second.
 *
 *     disk-limit FILE BYTES SECONDS SYNC(0|1)
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static double now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return time.tv_sec + time.tv_nsec / 1e9;
}

int main(int count, char **arguments) {
  if (count != 5) return 2;
  size_t bytes = strtoul(arguments[2], 0, 10);
  double seconds = atof(arguments[3]);
  int sync = atoi(arguments[4]);
  char *block = malloc(bytes);
  memset(block, 'x', bytes);
  int file = open(arguments[1], O_CREAT | O_TRUNC | O_RDWR, 0600);
  if (file < 0) return 1;
  long done = 0;
  off_t position = 0;
  double start = now();
  while (now() - start < seconds) {
    if (pwrite(file, block, bytes, position) != (ssize_t)bytes) return 1;
    if (sync && fdatasync(file) != 0) return 1;
    position += bytes;
    done++;
  }
  printf("%f\n", done / (now() - start));
  close(file);
  unlink(arguments[1]);
  return 0;
}
