using System.Text;
using BenchmarkDotNet.Attributes;
using MailCluster.Protocol.Content;

namespace MailCluster.Microbenchmarks;

/// <summary>What costs most per octet, for whoever wants to make a receiver work. 64 KiB each.</summary>
public class HostileContentBenchmarks
{
    private readonly Scratch _output = new(1 << 20);
    private byte[] _wire = [];

    [Params("\r\n", "..\r\n", "a: b\r\n", "\r", "\n", "\0", "long line")]
    public string Of { get; set; } = "";

    [Params(BareNewlines.Reject, BareNewlines.Normalize)]
    public BareNewlines BareNewlines { get; set; }

    [GlobalSetup]
    public void Prepare()
    {
        var unit = Of == "long line" ? new string('x', 990) + "\r\n" : Of;
        _wire = Encoding.ASCII.GetBytes(string.Concat(Enumerable.Repeat(unit, 65536 / unit.Length)));
    }

    [Benchmark]
    public long ReceiveData()
    {
        _output.Clear();
        var receiver = new ContentReceiver(new ContentLimits(50 << 20, 998, 100, BareNewlines));
        receiver.ReceiveData(_wire, _output, out _);
        return receiver.Length;
    }
}
