package Cocaine::Worker;

use 5.026;
use strict;
use warnings;
use Cocaine::Worker::Errors qw(message_of);
use Cocaine::Worker::Languages qw(make_language);
use Cocaine::Worker::Link ();
use Cocaine::Worker::Overrides ();
use Cocaine::Worker::Protocol qw(hello);
use Cocaine::Worker::Pulse ();
use Cocaine::Worker::Runner ();
use Cocaine::Worker::Zmtp qw(connect_dealer);

our $VERSION = '0.1.0';

sub start {
    my ($class, $language, $file) = @_;
    unless (defined $file && defined $ENV{COCAINE_ENDPOINT} && defined $ENV{COCAINE_IDENTITY}) {
        print STDERR 'this program is started by Cocaine: COCAINE_ENDPOINT, COCAINE_IDENTITY, a language and a file needed',
            "\n";
        exit 1;
    }
    STDOUT->autoflush(1);
    my $socket = eval { connect_dealer(@ENV{qw(COCAINE_ENDPOINT COCAINE_IDENTITY)}) };
    _leave($@) unless $socket;
    my $link  = Cocaine::Worker::Link->new($socket);
    my $pulse = Cocaine::Worker::Pulse->new($link, ($ENV{COCAINE_HEARTBEAT} || 60) / 3);
    # From the start: code that never ends to load must not outlive its engine.
    $pulse->start;
    Cocaine::Worker::Overrides::install();
    my $made = eval { make_language($language, $file) };
    _leave($@) unless $made;
    my $mark;
    if (defined(my $progress = $ENV{COCAINE_PROGRESS})) {
        open $mark, '+<:raw', $progress or _leave("cannot open $progress: $!");
    }
    $link->send_message(hello(
        language => $language, kit => "perl/$VERSION", progress => defined $mark, methods => $made->names,
    ));
    $link->flush;
    $pulse->begin;
    my $runner = Cocaine::Worker::Runner->new(link => $link, pulse => $pulse, mark => $mark, language => $made);
    $SIG{__DIE__} = sub { $runner->note_death($_[0]) };
    $runner->run;
    $link->close;
    CORE::exit(0);
}

# Code that does not load is told by what it died with and a status other than 0.
sub _leave {
    my ($error) = @_;
    print STDERR message_of($error), "\n";
    require POSIX;
    STDOUT->flush;
    POSIX::_exit(1);
}

1;

__END__

=encoding utf8

=head1 NAME

Cocaine::Worker - runs jobs of the application server Cocaine in Perl

=head1 SYNOPSIS

    # greet.pl, which the manifest of an app names: {"type": "perl", "args": "./greet.pl", ...}
    use strict;
    use warnings;

    sub greet {
        my ($request, $job) = @_;
        $job->log(info => 'greeting', { attempt => $job->attempt });
        return "hello, $request";
    }

=head1 DESCRIPTION

The engine of Cocaine starts C<cocaine-worker> as a process, sends it jobs over ZeroMQ's protocol ZMTP 3.1 on a Unix
socket, and has their answers from it. The name of a task is the name of the sub that runs its jobs. Nothing but core
modules is needed.

=head1 SUBS

A sub is called with the request, a string of bytes, and with the job. It answers with

=over

=item * a string, sent as it is, or as UTF-8 where it has characters beyond 255 in it;

=item * C<undef>, an empty response;

=item * a code reference, a file handle, or an object with C<next> or C<getline>: each value up to C<undef> is a chunk of
the response.

=back

In the language C<perl+json> requests are decoded and responses encoded.

A C<die> fails the job, with its message and the stack, and the worker lives on; C<exit> does the same.

=head1 THE JOB

=over

=item C<id>, C<attempt>, C<method>, C<deadline>

Its id in log and feed; 1 for the first try; the task; when the caller stops waiting, in milliseconds since the epoch, or
C<undef>.

=item C<metadata>

All that is known of it, as a hash reference, with the driver's own part.

=item C<stream>

The request as it comes. C<next> gives a chunk, C<getline> a line, C<read($size)> so many bytes, C<read> all that is left,
and C<read($buffer, $length, $offset)> does what Perl's own does.

=item C<write($chunk)>

Sends a chunk of the response before the sub returns.

=item C<cancelled>

Whether nobody waits for the job any more. Where it reads or writes, such a job dies with a C<Cocaine::Cancelled>.

=item C<log($level, $message, \%fields)>

Writes a line to the app's log; the level is debug, info, warn or error.

=back

=head1 SIGNALS

A small process beside the worker sends it C<SIGURG>, so that heartbeats leave while the app's code runs. System calls
of the code may therefore fail with C<EINTR>; C<sleep> and those of L<Time::HiRes> last as long as they should. C<alarm>
is the code's own.

=head1 LICENSE

MIT.

=cut
