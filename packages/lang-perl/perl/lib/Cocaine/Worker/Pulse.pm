package Cocaine::Worker::Pulse;

# What must not wait for app code: heartbeats, answers that are held back, the end of the engine.
#
# A process of its own watches the clock and the connection, and signals the worker; the worker does the rest between
# two steps of the app's code. The signal is URG, which is ignored by default and which apps hardly use: a timer would
# be SIGALRM, and that is the app's.

use strict;
use warnings;
use Cocaine::Worker::Overrides ();
use IO::Poll qw(POLLERR POLLHUP POLLIN);
use POSIX ();
use Time::HiRes qw(CLOCK_MONOTONIC clock_gettime);

# Milliseconds that an answer may be held back while app code runs.
use constant TICK => 1;
# Ticks without anything to send after which there are no more.
use constant IDLE_TICKS => 3;
# Ticks of a worker that does not leave when its engine has, after which it is killed.
use constant PATIENCE => 1000;

sub new {
    my ($class, $link, $interval) = @_;
    return bless {
        link => $link, interval => $interval, awake => 0, ticked => 0, idle => 0, beating => 0, due => _now() + $interval,
    }, $class;
}

sub start {
    my ($self) = @_;
    pipe my $reader, my $writer or die "pipe: $!\n";
    my $worker = $$;
    $SIG{URG} = sub { $self->_tick };
    my $pid = fork // die "fork: $!\n";
    if (!$pid) {
        # A grandchild: code that waits for all its children must not wait for this one.
        my $watching = fork;
        if (defined $watching && !$watching) {
            CORE::close $writer;
            _watch($self->{link}{socket}, $reader, $worker, $self->{interval});
        }
        POSIX::_exit(defined $watching ? 0 : $!);
    }
    waitpid $pid, 0;
    die 'fork: ' . POSIX::strerror($? >> 8) . "\n" if $?;
    $self->{writer} = $writer;
    return;
}

# From now on the engine is told that this process lives.
sub begin { $_[0]{beating} = 1; return }

# To be called when app code is about to run while answers wait, and the pulse is not awake.
sub wake {
    my ($self) = @_;
    $self->{awake} = 1;
    $self->{idle}  = 0;
    syswrite $self->{writer}, 'w';
    return;
}

sub _tick {
    my ($self) = @_;
    local ($!, $@);
    my $link = $self->{link};
    $self->{ticked} = 1;
    my $fd = fileno $link->{socket};
    return unless defined $fd;
    my @watched = ($fd, 0);
    $link->gone if IO::Poll::_poll(0, @watched) > 0 && $watched[1] & (POLLHUP | POLLERR);
    if ((my $now = _now()) >= $self->{due}) {
        $self->{due} = $now + $self->{interval} * 0.9;
        $link->beat if $self->{beating};
    }
    if ($link->{writing} || $link->has_waiting) {
        $self->{idle} = 0;
        $link->flush;
    }
    elsif ($self->{awake} && ++$self->{idle} >= IDLE_TICKS) {
        $self->{awake} = 0;
        syswrite $self->{writer}, 's';
    }
    return;
}

sub _now { return clock_gettime(CLOCK_MONOTONIC) }

# The other process: until the worker has gone, which closes the pipe.
sub _watch {
    my ($socket, $reader, $worker, $interval) = @_;
    $0 = "cocaine-worker: pulse of $worker";
    $SIG{$_} = 'IGNORE' for qw(HUP INT QUIT TERM URG);
    open STDOUT, '>', '/dev/null';
    open STDERR, '>', '/dev/null';
    my ($awake, $due, $gone) = (0, _now() + $interval, 0);
    while (1) {
        my $wait = $awake || $gone ? TICK : 1000 * ($due - _now());
        my @watched = ($gone ? () : (fileno $socket, 0), fileno $reader, POLLIN);
        IO::Poll::_poll($wait > 0 ? int($wait + 0.999) : 0, @watched);
        my %events = @watched;
        if ($events{ fileno $reader }) {
            sysread $reader, my $said, 64 or return;
            $awake = substr($said, -1) eq 'w';
        }
        $gone ||= ($events{ fileno $socket } || 0) & (POLLHUP | POLLERR) ? 1 : 0;
        my $now = _now();
        if ($now >= $due || $awake || $gone) {
            $due = $now + $interval if $now >= $due;
            kill URG => $worker or return;
        }
        kill KILL => $worker if $gone && $gone++ > PATIENCE;
    }
}

1;
