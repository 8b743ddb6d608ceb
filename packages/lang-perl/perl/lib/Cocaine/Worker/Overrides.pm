package Cocaine::Worker::Overrides;

# Functions of Perl that app code may call, and that would not do what it means in a worker: `sleep` would be cut short
# by the signals of the pulse, and `exit` would take the worker and the jobs that wait with it.

use strict;
use warnings;
use Cocaine::Worker::Exit ();
use Time::HiRes qw(CLOCK_MONOTONIC clock_gettime);

# To be called before the app's code is compiled.
sub install {
    my $worker = $$;
    my $pause  = \&Time::HiRes::sleep;
    my $whole  = sub {
        my ($seconds) = @_;
        my $start = clock_gettime(CLOCK_MONOTONIC);
        my $spent = 0;
        while ($spent < $seconds) {
            $pause->($seconds - $spent);
            $spent = clock_gettime(CLOCK_MONOTONIC) - $start;
        }
        return $spent;
    };
    no warnings qw(once redefine prototype);
    *CORE::GLOBAL::sleep = sub (;$) { return @_ ? int(0.5 + $whole->($_[0])) : CORE::sleep };
    *Time::HiRes::sleep  = sub { return @_ ? $whole->($_[0]) : $pause->() };
    *Time::HiRes::usleep = sub { return 1e6 * $whole->($_[0] / 1e6) };
    *CORE::GLOBAL::exit = sub (;$) {
        my $status = @_ ? $_[0] : 0;
        # A process that the app forked ends as it says.
        CORE::exit($status) if $$ != $worker;
        die Cocaine::Worker::Exit->new($status);
    };
    return;
}

1;
