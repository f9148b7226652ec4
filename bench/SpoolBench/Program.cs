using System.Buffers;
using System.Diagnostics;
using System.Globalization;
using MailCluster.Protocol.Addressing;
using MailCluster.Protocol.Commands;
using MailCluster.Spool;

// What the spool costs by itself:
//   append DIR [messages] [octets] [producers]   durable append, first delivery from memory, done
//   restart DIR [messages] [octets] [domains]    fill, then open again: time and memory
//   handover DIR [messages] [octets] [domains]   fill a spool, mark all, list, move all into a second spool, end all, and ask for each
if (args is not [var mode, var directory, ..])
{
    Console.Error.WriteLine("append DIR [messages] [octets] [producers] | restart|handover DIR [messages] [octets] [domains]");
    return 2;
}
var messages = Argument(2, mode switch { "append" => 60_000, "handover" => 100_000, _ => 1_000_000 });
var octets = Argument(3, mode == "restart" ? 1024 : 10_240);
var content = new byte[octets];
new Random(1).NextBytes(content);
if (mode == "append")
{
    await Append(Argument(4, 50));
}
else if (mode == "handover")
{
    await Fill(Argument(4, 1000));
    await HandOver(Argument(5, 1000));
}
else
{
    await Fill(Argument(4, 1000));
    await Restart();
}
return 0;

int Argument(int place, int otherwise) => args.Length > place ? int.Parse(args[place], CultureInfo.InvariantCulture) : otherwise;

static Envelope Envelope(string domain) => new(
    new ReversePath("sender@source.example"), MailParameters.None, DateTimeOffset.UtcNow, new MessageOrigin("s1", "192.0.2.1:1234", "client.example", "ESMTP"),
    [new EnvelopeDestination(new DomainName(domain), [new Recipient(new ForwardPath("recipient@" + domain, new DomainName(domain)), RcptParameters.None)])]);

async Task Append(int producers)
{
    await using var spool = Spool.Open(new SpoolOptions { Directory = directory });
    var done = 0;
    spool.Start(arrivals =>
    {
        for (var i = 0; i < arrivals.Count; i++)
        {
            var entry = arrivals[i].Entry;
            ThreadPool.UnsafeQueueUserWorkItem(
                async entry =>
                {
                    using (var delivery = await spool.OpenAsync(entry, CancellationToken.None))
                    {
                        delivery.Content.TryGetMemory(out _);
                    }
                    spool.RecordDelivered(entry);
                    Interlocked.Increment(ref done);
                },
                entry, preferLocal: false);
        }
    });
    var envelope = Envelope("a.example");
    for (var round = 0; round < 4; round++)
    {
        var (clock, cpu, allocated) = (Stopwatch.StartNew(), Environment.CpuUsage.TotalTime, GC.GetTotalAllocatedBytes());
        var latencies = new double[messages];
        var next = -1;
        await Task.WhenAll(Enumerable.Range(0, producers).Select(_ => Task.Run(async () =>
        {
            for (int i; (i = Interlocked.Increment(ref next)) < messages;)
            {
                var begun = Stopwatch.GetTimestamp();
                using var writer = await spool.BeginAsync(CancellationToken.None);
                writer.Write(content);
                await writer.CommitAsync(envelope, default);
                latencies[i] = Stopwatch.GetElapsedTime(begun).TotalMicroseconds;
            }
        })));
        await spool.FlushAsync();
        var seconds = clock.Elapsed.TotalSeconds;
        Array.Sort(latencies);
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"{producers} producers, {octets} octets: {messages / seconds:n0} msg/s, CPU {(Environment.CpuUsage.TotalTime - cpu).TotalMicroseconds / messages:n1} us/msg, allocated {(GC.GetTotalAllocatedBytes() - allocated) / messages} B/msg, p50 {latencies[messages / 2]:n0} us, p99 {latencies[messages * 99 / 100]:n0} us"));
    }
}

async Task Fill(int domains)
{
    var envelopes = Enumerable.Range(0, domains).Select(static i => Envelope($"destination-{i}.example")).ToArray();
    await using var spool = Spool.Open(new SpoolOptions { Directory = directory });
    spool.Start(static _ => { });
    var clock = Stopwatch.StartNew();
    var next = -1;
    await Task.WhenAll(Enumerable.Range(0, 400).Select(_ => Task.Run(async () =>
    {
        for (int i; (i = Interlocked.Increment(ref next)) < messages;)
        {
            using var writer = await spool.BeginAsync(CancellationToken.None);
            writer.Write(content);
            await writer.CommitAsync(envelopes[i % domains], default);
        }
    })));
    Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"filled with {messages} in {clock.Elapsed.TotalSeconds:n1} s; RSS {Environment.WorkingSet >> 20} MiB, managed {GC.GetTotalMemory(true) >> 20} MiB"));
}

async Task Restart()
{
    GC.Collect();
    var clock = Stopwatch.StartNew();
    var before = Environment.CpuUsage.TotalTime;
    await using var spool = Spool.Open(new SpoolOptions { Directory = directory });
    var opened = clock.Elapsed.TotalSeconds;
    var cpu = (Environment.CpuUsage.TotalTime - before).TotalSeconds;
    var found = 0;
    spool.Start(arrivals => found += arrivals.Count);
    await spool.FlushAsync();
    Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
        $"opened in {opened:n2} s with {cpu:n2} s of CPU, {found} told after {clock.Elapsed.TotalSeconds:n2} s; RSS {Environment.WorkingSet >> 20} MiB, managed {GC.GetTotalMemory(true) >> 20} MiB"));
}

async Task HandOver(int batch)
{
    await using var donor = Spool.Open(new SpoolOptions { Directory = directory });
    await using var receiver = Spool.Open(new SpoolOptions { Directory = directory + "-receiver" });
    donor.Start(static _ => { });
    var arrived = 0;
    receiver.Start(arrivals => Interlocked.Add(ref arrived, arrivals.Count));
    var marked = new List<HandingOver>();
    await Measure("marked", async () =>
    {
        foreach (var ids in donor.OpenMessages().Chunk(batch))
        {
            marked.AddRange(await donor.MarkAsync(ids, "mailcluster-0.mailcluster-nodes:4053"));
        }
        return marked.Count;
    });
    await Measure("listed", () => Task.FromResult(donor.MarkedMessages().Count()));
    await Measure("moved", async () =>
    {
        await Parallel.ForEachAsync(marked, new ParallelOptions { MaxDegreeOfParallelism = 16 }, async (each, cancellation) =>
        {
            using var message = (await donor.OpenMessageAsync(each.Id.Message, cancellation))!;
            using var writer = (await receiver.BeginReceivingAsync(each.Id, cancellation)).Writer!;
            for (var done = 0; done < message.Content.Length;)
            {
                var read = await message.Content.ReadAsync(done, writer.GetMemory(1), cancellation);
                writer.Advance(read);
                done += read;
                await writer.DrainAsync(cancellation);
            }
            await writer.CommitReceivedAsync(message.Envelope, message.Content.Traits, message.Entries);
        });
        return arrived;
    });
    await Measure("ended", async () =>
    {
        var ended = 0;
        foreach (var ids in marked.Select(static each => each.Id).Chunk(batch))
        {
            ended += await donor.EndHandedOverAsync(ids);
        }
        return ended;
    });
    await Measure("asked for", async () =>
    {
        var had = 0;
        foreach (var each in marked)
        {
            had += await receiver.HasHadAsync(each.Id, CancellationToken.None) ? 1 : 0;
        }
        return had;
    });
}

static async Task Measure(string what, Func<Task<int>> act)
{
    var (clock, cpu) = (Stopwatch.StartNew(), Environment.CpuUsage.TotalTime);
    var count = await act();
    Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
        $"{count} {what} in {clock.Elapsed.TotalSeconds:n2} s, CPU {(Environment.CpuUsage.TotalTime - cpu).TotalSeconds:n2} s; RSS {Environment.WorkingSet >> 20} MiB, managed {GC.GetTotalMemory(true) >> 20} MiB"));
}
