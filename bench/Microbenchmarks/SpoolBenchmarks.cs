using System.Collections.Immutable;
using BenchmarkDotNet.Attributes;
using MailCluster.Protocol.Addressing;
using MailCluster.Protocol.Commands;
using MailCluster.Protocol.Content;
using MailCluster.Spool;

namespace MailCluster.Microbenchmarks;

/// <summary>
/// A message's whole life in the spool: 50 at a time are written, made durable, and recorded as delivered. The time is the disk's as much as ours; the allocation is ours alone.
/// <c>bench/SpoolBench</c> measures messages a second and CPU.
/// </summary>
[MemoryDiagnoser]
public class SpoolBenchmarks
{
    private const int AtOnce = 50;
    private readonly byte[] _content = new byte[10 << 10];
    private readonly Task[] _commits = new Task[AtOnce];
    private readonly string _directory = Directory.CreateTempSubdirectory("mailcluster-bench-").FullName;
    private Spool.Spool _spool = null!;
    private Envelope _envelope = null!;

    [GlobalSetup]
    public void Setup()
    {
        var path = new ForwardPath("user@example.net", new("example.net"));
        ImmutableArray<EnvelopeDestination> destinations = [new(path.Domain, [new(path, RcptParameters.None)])];
        _envelope = new(new("sender@example.org"), MailParameters.None, DateTimeOffset.UtcNow, new("s", "192.0.2.1:1", "client", "ESMTP"), destinations);
        _spool = Spool.Spool.Open(new() { Directory = Path.Combine(_directory, "spool") });
        _spool.Start(arrivals =>
        {
            for (var i = 0; i < arrivals.Count; i++)
            {
                _spool.RecordDelivered(arrivals[i].Entry);
            }
        });
    }

    [GlobalCleanup]
    public async Task CleanUp()
    {
        await _spool.DisposeAsync();
        Directory.Delete(_directory, recursive: true);
    }

    [Benchmark(OperationsPerInvoke = AtOnce)]
    public async Task Append()
    {
        for (var i = 0; i < AtOnce; i++)
        {
            var writer = await _spool.BeginAsync(CancellationToken.None);
            _content.AsSpan().CopyTo(writer.GetSpan(_content.Length));
            writer.Advance(_content.Length);
            _commits[i] = writer.CommitAsync(_envelope, ContentTraits.None).AsTask();
        }
        await Task.WhenAll(_commits);
    }
}
