package Cocaine::Worker::Overrides;

# Functions of Perl that app code may call, and that would not do what it means in a worker: those that wait would be
# cut short by the signals of the pulse, and `exit` would take the worker and the jobs that wait with it.

use strict;
use warnings;
use Cocaine::Worker::Exit ();
use Errno qw(EINTR);
use Time::HiRes qw(CLOCK_MONOTONIC clock_gettime);

# To be called before the app's code is compiled.
sub install {
    my ($pulse) = @_;
    my $worker = $$;
    my $select = _select($pulse);
    my $pause  = _pause($select);
    no warnings qw(once redefine prototype);
    *Time::HiRes::sleep  = $pause;
    *Time::HiRes::usleep = sub { return 1e6 * $pause->($_[0] / 1e6) };
    *CORE::GLOBAL::sleep = sub (;$) { return int(0.5 + $pause->(@_)) };
    *CORE::GLOBAL::select = sub (;*$$$) {
        return &$select if @_ == 4;
        require Symbol;
        no strict 'refs';
        return @_ ? CORE::select(Symbol::qualify($_[0], scalar caller)) : CORE::select();
    };
    *CORE::GLOBAL::exit = sub (;$) {
        my $status = @_ ? $_[0] : 0;
        # A process that the app forked ends as it says.
        CORE::exit($status) if $$ != $worker;
        die Cocaine::Worker::Exit->new($status);
    };
    return;
}

# Waits for so many seconds, or for ever; another signal than the pulse's ends it, as it does without a pulse. Those of
# Time::HiRes wait twice, for the seconds and for their part, and a signal ends one of them.
sub _pause {
    my ($select) = @_;
    return sub {
        my ($seconds) = @_;
        my $start = _now();
        $select->(undef, undef, undef, $seconds);
        return _now() - $start;
    };
}

sub _select {
    my ($pulse) = @_;
    return sub {
        my $end = defined $_[3] ? _now() + $_[3] : undef;
        my ($found, $left) = (0, $_[3]);
        while (1) {
            my $ticks = $pulse->{ticks};
            $found = CORE::select($_[0], $_[1], $_[2], $left);
            last if $found >= 0 || $! != EINTR || $pulse->{ticks} == $ticks;
            if (defined $end) {
                $left = $end - _now();
                $left = 0 if $left < 0;
            }
        }
        return $found unless wantarray;
        $left = $end - _now() if defined $end;
        return ($found, $left);
    };
}

sub _now { return clock_gettime(CLOCK_MONOTONIC) }

1;
