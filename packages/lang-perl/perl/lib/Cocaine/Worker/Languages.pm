package Cocaine::Worker::Languages;

# The languages of this kit, by the name that a manifest's `type` says.

use strict;
use warnings;
use Cocaine::Worker::Loading qw(load_code);
use Cocaine::Worker::Methods ();
use Exporter qw(import);

our @EXPORT_OK = qw(make_language);

# Loads a file. Only what the language needs is loaded with it.
sub make_language {
    my ($name, $file) = @_;
    my $class = $name eq 'perl+psgi' ? 'Psgi' : 'Functions';
    my $form  = $name eq 'perl+json' ? 'Json' : 'Plain';
    require "Cocaine/Worker/$_.pm" for $class, $form;
    my ($package, $value) = load_code($file);
    my $methods = Cocaine::Worker::Methods->new($package);
    return "Cocaine::Worker::$class"->new($methods, "Cocaine::Worker::$form"->new, $value);
}

1;
