package Cocaine::Worker::Link;

# The connection to the engine: what waits to be sent, and what was received.
#
# The handler of a signal may run between any two statements, that of the pulse as well as one of the app, which may
# die. So `out` grows by whole messages, each in one statement; `sending` is what is being written, and how much of it
# has left is counted in the statement that writes. Whoever flushes next goes on where the last one stopped.

use strict;
use warnings;
use Cocaine::Worker::Protocol qw(HEARTBEAT_MESSAGE);
use Cocaine::Worker::Zmtp qw(answer_to split_message);
use Errno qw(EAGAIN EINTR);
use Socket qw(MSG_DONTWAIT MSG_NOSIGNAL);

use constant READ => 65_536;
# Bytes that are held back at the most.
use constant BATCH => 65_536;
# Four short frames, so that a look at them never goes beyond the buffer.
use constant PADDING => "\0" x (4 * 257);

sub new {
    my ($class, $socket) = @_;
    return bless {
        socket => $socket, out => '', sending => '', offset => 0, writing => 0, beat => 0, in => '', at => 0,
        need   => 0,       leaving => 0,
    }, $class;
}

# Adds one message.
sub send_message {
    $_[0]{out} .= $_[1];
    $_[0]->flush if length $_[0]{out} >= BATCH;
    return;
}

sub has_waiting {
    my ($self) = @_;
    return $self->{out} ne '' || $self->{offset} < length $self->{sending};
}

# Sends all that waits. One that interrupts another leaves it to that one.
sub flush {
    my ($self) = @_;
    return if $self->{writing} || ($self->{out} eq '' && $self->{sending} eq '');
    local $self->{writing} = 1;
    while (1) {
        my $left = length($self->{sending}) - $self->{offset};
        if ($left) {
            $self->_write;
            next;
        }
        if ($self->{beat}) {
            $self->{out} .= HEARTBEAT_MESSAGE;
            $self->{beat} = 0;
        }
        $self->{sending} = $self->{out};
        $self->{out}     = '';
        $self->{offset}  = 0;
        last if $self->{sending} eq '';
    }
    return;
}

sub _write {
    my ($self) = @_;
    my $before = $self->{offset};
    {
        no warnings 'uninitialized';
        $self->{offset} += $before
            ? send($self->{socket}, substr($self->{sending}, $before), MSG_NOSIGNAL)
            : send($self->{socket}, $self->{sending}, MSG_NOSIGNAL);
    }
    $self->gone if $self->{offset} == $before && $! != EINTR;
    return;
}

# A heartbeat, now or after what is being written.
sub beat {
    my ($self) = @_;
    if ($self->{writing}) { $self->{beat} = 1 }
    else                  { $self->{out} .= HEARTBEAT_MESSAGE }
    return;
}

# Reads once; the messages that are complete with it, perhaps none.
sub receive {
    my ($self, $block) = @_;
    my $size = $self->{need} - length $self->{in};
    $size = READ if $size < READ;
    if ($block) {
        my $count = sysread $self->{socket}, $self->{in}, $size, length $self->{in};
        unless ($count) {
            return [] if !defined $count && $! == EINTR;
            $self->gone;
        }
    }
    else {
        my $data;
        unless (defined recv $self->{socket}, $data, $size, MSG_DONTWAIT) {
            return [] if $! == EAGAIN || $! == EINTR;
            $self->gone;
        }
        $self->gone if $data eq '';
        $self->{in} .= $data;
    }
    return length $self->{in} < $self->{need} ? [] : $self->_split;
}

sub _split {
    my ($self) = @_;
    my ($at, @messages) = 0;
    my $size = length $self->{in};
    $self->{need} = 0;
    $self->{in} .= PADDING;
    while ($at < $size) {
        # What comes most by far, a short INVOKE that is whole, is taken apart at once.
        my ($first, $header, $second, $method, $third, $metadata, $fourth, $length, $chunk)
            = unpack "\@${at}CC/aCC/aCC/aCCXC/a", $self->{in};
        if ($first == 1 && $second == 1 && $third == 1 && $fourth == 0) {
            my $end = $at + 8 + length($header) + length($method) + length($metadata) + $length;
            if ($end <= $size) {
                push @messages, [ $header, $method, $metadata, $chunk ];
                $at = $end;
                next;
            }
        }
        my ($end, $frames, $command) = split_message($self->{in}, $at, $size);
        unless (defined $end) {
            $self->{need} = $frames - $at;
            last;
        }
        if   ($command) { $self->send_message(answer_to($frames->[0])) }
        else            { push @messages, $frames }
        $at = $end;
    }
    $self->{in} = substr $self->{in}, $at, $size - $at;
    return \@messages;
}

# The engine has left: nobody waits for what this process does.
sub gone {
    my ($self) = @_;
    syswrite STDERR, "the engine closed the connection\n" unless $self->{leaving};
    require POSIX;
    POSIX::_exit($self->{leaving} ? 0 : 1);
}

sub close {
    my ($self) = @_;
    $self->{leaving} = 1;
    $self->flush;
    return CORE::close $self->{socket};
}

1;
