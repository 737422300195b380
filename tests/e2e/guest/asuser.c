/* In dom0: become an ordinary user and run a program.
 * usage: asuser UID PROGRAM ARGUMENT... */
#include <grp.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

int main(int argc, char** argv) {
  if (argc < 3) return 64;
  unsigned user = (unsigned)atoi(argv[1]);
  if (setgroups(0, NULL) || setgid(user) || setuid(user)) {
    perror("asuser");
    return 70;
  }
  execvp(argv[2], argv + 2);
  perror(argv[2]);
  return 70;
}
