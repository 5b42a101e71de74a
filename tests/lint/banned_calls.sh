#!/bin/bash
# tests/lint/banned_calls.sh -- calls that have no place here, and why.
source "$(dirname "$0")/../support/lint.sh" || exit 1

# where (all: everywhere, product: not in tests, modules: neither tests nor app), names, why and what instead
rules='
all      atoi|atol|atoll|atof                  accepts anything: use strtol with its end and range checked
all      strcpy|strcat|stpcpy|sprintf|vsprintf|gets  no bound: use snprintf, buf_printf or arena_printf
all      strncpy|strncat                       may leave no NUL: use snprintf, or memcpy with a known length
all      strtok                                hidden state: use strchr, strcspn or strtok_r
all      alloca                                unbounded stack: use an arena
all      mktemp|tmpnam|tempnam                 a race for the name: use mkstemp or mkdtemp
product  system|popen                          a shell sees our data: do it in C
product  rand|srand|random|srandom|drand48|rand_r  predictable: use gnutls_rnd
product  gmtime|localtime|asctime|ctime|mktime hidden state or the local time zone: use common/timetext.h
modules  time|gettimeofday|clock_gettime       only app/ reads the clock: take `now` as a parameter
modules  getenv|secure_getenv                  only app/ reads the environment: take a parameter
modules  printf|fprintf|vprintf|vfprintf|puts|fputs|putchar|perror  only app/ prints: add a finding, or return bytes
modules  exit|_exit|abort|quick_exit           a library returns errors
'
while IFS=$'\t' read -r place what reason; do
  bad "$place" "calls $what" "$reason"
done < <(c_files | RULES=$rules perl -e '
  for (split /\n/, $ENV{RULES}) {
    push @rules, [$1, qr/(?<![\w.>])($2)\s*\(/, $3] if /^(\w+)\s+(\S+)\s+(.*)$/;
  }
  while (my $file = <STDIN>) {
    chomp $file;
    open my $in, "<", $file or die "$file: $!";
    my $code = code_only(join "", <$in>);
    my $class = $file =~ m{^tests/} ? "all" : $file =~ m{^app/} ? "all product" : "all product modules";
    my $n = 0;
    for my $line (split /\n/, $code) {
      $n++;
      for my $rule (@rules) {
        next unless $class =~ /\b$rule->[0]\b/;
        print "$file:$n\t$1\t$rule->[2]\n" while $line =~ /$rule->[1]/g;
      }
    }
  }
  sub code_only { # comments and text blanked, lines kept
    my $c = shift;
    $c =~ s{(/\*.*?\*/|//[^\n]*)|("(?:\\.|[^"\\\n])*"|\x27(?:\\.|[^\x27\\\n])*\x27)}{defined $1 ? $1 =~ s/[^\n]//gr : q("")}gse;
    return $c;
  }')
lint_done
