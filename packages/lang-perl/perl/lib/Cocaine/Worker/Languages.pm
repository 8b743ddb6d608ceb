package Cocaine::Worker::Languages;

# The languages of this kit, by the name that a manifest's `type` says.

use strict;
use warnings;
use Cocaine::Worker::Functions ();
use Cocaine::Worker::Loading qw(load_code);
use Cocaine::Worker::Methods ();
use Exporter qw(import);

our @EXPORT_OK = qw(make_language);

# Loads a file. Only what the language needs is loaded with it.
sub make_language {
    my ($name, $file) = @_;
    my $form = $name eq 'perl+json' ? 'Json' : 'Plain';
    require "Cocaine/Worker/$form.pm";
    my ($package) = load_code($file);
    return Cocaine::Worker::Functions->new(Cocaine::Worker::Methods->new($package), "Cocaine::Worker::$form"->new);
}

1;
