using BenchmarkDotNet.Attributes;
using MailCluster.Protocol.Content;

namespace MailCluster.Microbenchmarks;

/// <summary>Content off the wire, in reads of 4 KiB as a socket gives them, and onto it.</summary>
[MemoryDiagnoser]
public class ContentBenchmarks
{
    private const int Read = 4096;
    private static readonly ContentLimits Limits = new(50 << 20, 998, 100, BareNewlines.Reject);
    private readonly Scratch _output = new(1 << 21);
    private byte[] _content = [];
    private byte[] _wire = [];

    [Params(1024, 10 * 1024, 100 * 1024)]
    public int Size { get; set; }

    [Params(0, 10)]
    public int DotEvery { get; set; }

    [GlobalSetup]
    public void Prepare()
    {
        _content = Mail.Content(Size, DotEvery);
        Stuff();
        _wire = _output.WrittenSpan.ToArray();
    }

    [Benchmark(Baseline = true)]
    public int Copy()
    {
        _output.Clear();
        for (var at = 0; at < _wire.Length; at += Read)
        {
            var piece = _wire.AsSpan(at, Math.Min(Read, _wire.Length - at));
            piece.CopyTo(_output.GetSpan());
            _output.Advance(piece.Length);
        }

        return _output.Written;
    }

    /// <summary>One receiver per message is allocated, and nothing else.</summary>
    [Benchmark]
    public long ReceiveData()
    {
        _output.Clear();
        var receiver = new ContentReceiver(Limits);
        for (var at = 0; at < _wire.Length; at += Read)
        {
            receiver.ReceiveData(_wire.AsSpan(at, Math.Min(Read, _wire.Length - at)), _output, out _);
        }

        return receiver.Length;
    }

    [Benchmark]
    public long ReceiveChunk()
    {
        _output.Clear();
        var receiver = new ContentReceiver(Limits);
        for (var at = 0; at < _content.Length; at += Read)
        {
            receiver.ReceiveChunk(_content.AsSpan(at, Math.Min(Read, _content.Length - at)), _output);
        }

        receiver.EndChunks(_output);
        return receiver.Length;
    }

    [Benchmark]
    public int Stuff()
    {
        _output.Clear();
        var stuffer = default(DotStuffer);
        stuffer.Write(_content, _output);
        stuffer.End(_output);
        return _output.Written;
    }
}
