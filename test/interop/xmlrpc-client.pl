# XML-RPC by Perl's RPC::XML, against test/interop/xmlrpc-serve.ts with faultDetails: text.
use strict;
use warnings;
use utf8;
use JSON::PP;
use Test::More;
use RPC::XML;
use RPC::XML::Client;

$RPC::XML::ALLOW_NIL = 1;
$RPC::XML::ENCODING  = 'utf-8';

my $hub = RPC::XML::Client->new(shift);

sub call { return $hub->send_request(@_) }

cmp_ok(call('test.subtract', RPC::XML::int->new(5), RPC::XML::double->new(3.5))->value, '==', 1.5,
    'by position');
cmp_ok(call('test.later', { a => 5, b => 3 })->value, '==', 2, 'by name');

my $everything = call(
    'test.echo',
    {   text   => RPC::XML::string->new('a <b> & c'),
        count  => RPC::XML::i4->new(-5),
        ratio  => RPC::XML::double->new(0.25),
        flag   => RPC::XML::boolean->new(1),
        at     => RPC::XML::datetime_iso8601->new('20260102T03:04:05'),
        bytes  => RPC::XML::base64->new("\0\xff"),
        long   => RPC::XML::i8->new('9007199254740993'),
        nothing => RPC::XML::nil->new,
        nested => { list => [ [ 1, 2 ], [] ], more => 'text' },
    }
);
ok(!$everything->is_fault, 'every type is read') or diag($everything->string);
is($everything->{at}->type,    'dateTime.iso8601', 'a time is a dateTime.iso8601');
is($everything->{bytes}->type, 'base64',           'bytes are base64');
is($everything->{ratio}->type, 'double',           'a number is a double');
is($everything->{long}->type,  'i8',               'a long integer is an i8');
my $value = $everything->value;
is($value->{text},  'a <b> & c', 'text');
is($value->{count}, -5,          'integer');
is($value->{long},  '9007199254740993', 'every digit');
is($value->{bytes}, "\0\xff",    'bytes');
is_deeply($value->{nested}, { list => [ [ 1, 2 ], [] ], more => 'text' }, 'nested');

my $fault = call('test.fail');
ok($fault->is_fault, 'a fault');
is($fault->code, -32009, 'its code');
my ($message, $details) = split /\n/, $fault->string, 2;
is($message, 'There are not enough left.', 'its message');
is_deeply(
    decode_json($details),
    {   code  => 'FAILED_PRECONDITION',
        error => 'OutOfStock',
        data  => { left => 3, since => '2026-01-02T03:04:05Z' },
    },
    'the declared error, whole'
);

my $calls = call(
    'system.multicall',
    [   { methodName => 'test.subtract', params => [ 5, 3 ] },
        { methodName => 'test.missing',  params => [] },
    ]
)->value;
cmp_ok($calls->[0][0], '==', 2, 'a call of a multicall');
is($calls->[1]{faultCode}, -32601, 'a fault in a multicall');

ok(scalar(grep { $_ eq 'test.echo' } @{ call('system.listMethods')->value }), 'introspection');

done_testing();
