using System.Buffers;
using BenchmarkDotNet.Attributes;
using MailCluster.Protocol.Commands;
using MailCluster.Protocol.Content;

namespace MailCluster.Microbenchmarks;

/// <summary>The commands of a transaction.</summary>
[MemoryDiagnoser]
public class CommandBenchmarks
{
    private static readonly byte[] Pipelined = "MAIL FROM:<news@shop.example.org> SIZE=10240\r\nRCPT TO:<somebody@example.net>\r\nDATA\r\n"u8.ToArray();
    private readonly LineReader _reader = new(LineReader.CommandLimit);

    [Benchmark]
    public object MailFrom() => CommandParser.Parse("MAIL FROM:<news@shop.example.org>"u8);

    [Benchmark]
    public object MailFromWithParameters() => CommandParser.Parse("MAIL FROM:<news@shop.example.org> SIZE=10240 BODY=8BITMIME RET=HDRS ENVID=QQ314159"u8);

    [Benchmark]
    public object RcptTo() => CommandParser.Parse("RCPT TO:<somebody@example.net>"u8);

    [Benchmark]
    public object RcptToWithParameters() => CommandParser.Parse("RCPT TO:<somebody@example.net> NOTIFY=FAILURE,DELAY ORCPT=rfc822;somebody@example.net"u8);

    [Benchmark]
    public object RcptToInternational() => CommandParser.Parse("RCPT TO:<jörg@bücher.example>"u8);

    [Benchmark]
    public object Data() => CommandParser.Parse("DATA"u8);

    /// <summary>Three lines found and parsed.</summary>
    [Benchmark]
    public int Transaction()
    {
        var input = new ReadOnlySequence<byte>(Pipelined);
        var commands = 0;
        while (_reader.Read(input, out var line, out var consumed, out _) == LineStatus.Line)
        {
            commands += CommandParser.Parse(line) is Command.Refused ? 0 : 1;
            input = input.Slice(consumed);
        }

        return commands;
    }
}
