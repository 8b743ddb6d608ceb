package Cocaine::Worker::Psgi::Environ;

# The environment of a request (PSGI 1.1, "The Environment").

use strict;
use warnings;

# Names of headers that are remembered; a client may make up any number of them.
use constant KNOWN_LIMIT => 1000;

# The body comes decoded: how it was framed is over.
my %KEYS = ('content-type' => 'CONTENT_TYPE', 'content-length' => 'CONTENT_LENGTH', 'transfer-encoding' => '');

sub new {
    my ($class) = @_;
    my %base = (
        'SCRIPT_NAME'       => '',
        'SERVER_SOFTWARE'   => "cocaine-perl/$Cocaine::Worker::VERSION",
        'psgi.version'      => [ 1, 1 ],
        'psgi.multithread'  => !!0,
        'psgi.multiprocess' => !!1,
        'psgi.run_once'     => !!0,
        'psgi.nonblocking'  => !!0,
        'psgi.streaming'    => !!1,
    );
    return bless { base => \%base, keys => {} }, $class;
}

sub of {
    my ($self, $job) = @_;
    my $http = $job->metadata->{http};
    my %env  = (
        %{ $self->{base} },
        'REQUEST_METHOD'  => $http->{method},
        'SERVER_PROTOCOL' => 'HTTP/' . ($http->{httpVersion} // '1.1'),
        'psgi.errors'     => \*STDERR,
        'cocaine.job'     => $job,
    );
    _add_url(\%env, _bytes($http->{url}), $http->{path});
    $self->_add_headers(\%env, $http->{headers});
    _add_addresses(\%env, $http);
    _add_input(\%env, $job);
    return \%env;
}

sub _add_url {
    my ($env, $url, $prefix) = @_;
    $env->{REQUEST_URI} = $url;
    my ($path, $query) = split /\?/, $url, 2;
    $env->{QUERY_STRING} = $query // '';
    # What asks for the server itself: OPTIONS *.
    $path = '' if !defined $path || $path !~ m{\A/};
    $path =~ s/%([0-9A-Fa-f]{2})/chr hex $1/ge;
    if (defined $prefix && ($prefix = $prefix =~ s{/+\z}{}r) ne '' && $path =~ m{\A\Q$prefix\E(?:/|\z)}) {
        $env->{SCRIPT_NAME} = $prefix;
        $path = substr $path, length $prefix;
    }
    $env->{PATH_INFO} = $path;
    return;
}

sub _add_headers {
    my ($self, $env, $headers) = @_;
    my $keys = $self->{keys};
    for my $header (@$headers) {
        my ($name, $value) = @$header;
        my $key = $keys->{$name} // $self->_key_of($name);
        next if $key eq '';
        $value = _bytes($value);
        if   (exists $env->{$key}) { $env->{$key} .= ($key eq 'HTTP_COOKIE' ? '; ' : ', ') . $value }
        else                       { $env->{$key} = $value }
    }
    return;
}

# The variable of a header. None for one with an underscore, which could pass for another's with a hyphen.
sub _key_of {
    my ($self, $name) = @_;
    my $key = $KEYS{ lc $name } // ($name =~ /_/ ? '' : 'HTTP_' . uc($name) =~ tr/-/_/r);
    $self->{keys}{$name} = $key if keys %{ $self->{keys} } < KNOWN_LIMIT;
    return $key;
}

sub _add_addresses {
    my ($env, $http) = @_;
    my ($tls, $remote, $local) = @$http{qw(tls remote local)};
    $env->{'psgi.url_scheme'} = $tls ? 'https' : 'http';
    $env->{HTTPS} = 'on' if $tls;
    @$env{qw(REMOTE_ADDR REMOTE_PORT)} = @$remote{qw(address port)} if $remote;
    if ($local) {
        @$env{qw(SERVER_NAME SERVER_PORT)} = @$local{qw(address port)};
        return;
    }
    my ($host, $port) = ($env->{HTTP_HOST} // '') =~ /\A(.*?)(?::(\d+))?\z/s;
    $env->{SERVER_NAME} = $host ne '' ? $host : 'localhost';
    $env->{SERVER_PORT} = $port // ($tls ? 443 : 80);
    return;
}

# A body that came whole is a file in memory. One of a known length is read as it comes; one of an unknown length is
# received first, since frameworks read as much as CONTENT_LENGTH says.
sub _add_input {
    my ($env, $job) = @_;
    my $streams = !$job->is_whole && defined $env->{CONTENT_LENGTH};
    $env->{'psgix.input.buffered'} = !$streams;
    if ($streams) {
        $env->{'psgi.input'} = $job->stream;
        return;
    }
    my ($input, $length);
    if ($job->is_whole) {
        my $body = $job->body;
        $length = length $body;
        open $input, '<:raw', \$body or die "cannot open the body of the request: $!\n";
    }
    else {
        ($input, $length) = _spool($job->stream);
    }
    $env->{'psgi.input'} = $input;
    $env->{CONTENT_LENGTH} //= $length if $length;
    return;
}

sub _spool {
    my ($stream) = @_;
    my $length = 0;
    open my $file, '+>:raw', undef or die "cannot open a temporary file: $!\n";
    while (defined(my $chunk = $stream->next)) {
        print {$file} $chunk or die "cannot write to a temporary file: $!\n";
        $length += length $chunk;
    }
    seek $file, 0, 0 or die "cannot use a temporary file: $!\n";
    return ($file, $length);
}

# A character for each byte.
sub _bytes {
    my ($text) = @_;
    utf8::encode($text) unless utf8::downgrade($text, 1);
    return $text;
}

1;
