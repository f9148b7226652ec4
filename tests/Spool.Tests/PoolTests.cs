using System.Buffers;

namespace MailCluster.Spool.Tests;

/// <summary>Content memory: a ceiling, never a standstill.</summary>
public class PoolTests
{
    private static SpoolOptions Options(long memory) => new() { Directory = SpoolFixture.NewDirectory(), MinimumFree = 0, ContentMemory = memory, LargeContent = 200_000, SegmentSize = 1 << 20 };

    [Fact]
    public async Task Many_writers_share_few_blocks_and_all_come_through()
    {
        await using var fixture = new SpoolFixture(Options(6 * 16 << 10)).Start();
        var ids = await Task.WhenAll(Enumerable.Range(0, 60).Select(i => Task.Run(() => fixture.Commit(SpoolFixture.Envelope(("a.test", 1)), SpoolFixture.Content(3000 * i, i)))));
        Assert.Equal(60, fixture.Arrivals.Count);
        for (var i = 0; i < ids.Length; i++)
        {
            using var delivery = await fixture.Spool.OpenAsync(fixture.EntryOf(ids[i]), TestContext.Current.CancellationToken);
            Assert.Equal(SpoolFixture.Content(3000 * i, i), await SpoolFixture.ReadAll(delivery.Content));
        }
        await fixture.Reopen();
        Assert.Equal(60, fixture.Arrivals.Count);
    }

    [Fact]
    public async Task A_writer_waits_for_a_block_and_gets_the_first_that_comes_back()
    {
        await using var fixture = new SpoolFixture(Options(2 * 16 << 10)).Start();
        var first = await fixture.Spool.BeginAsync(CancellationToken.None);
        var second = await fixture.Spool.BeginAsync(CancellationToken.None);
        var third = fixture.Spool.BeginAsync(CancellationToken.None).AsTask();
        using var cancelled = new CancellationTokenSource();
        var fourth = fixture.Spool.BeginAsync(cancelled.Token).AsTask();
        Assert.False(third.IsCompleted);
        await cancelled.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => fourth);
        first.Write(new byte[100]);
        // Committed with others waiting: no copy is kept, its block goes on at once.
        await first.CommitAsync(SpoolFixture.Envelope(("a.test", 1)), default);
        (await third.WaitAsync(TimeSpan.FromSeconds(10), TestContext.Current.CancellationToken)).Dispose();
        second.Dispose();
        Assert.Single(fixture.Arrivals);
    }

    [Fact]
    public async Task A_writer_without_a_commit_leaves_nothing()
    {
        await using var fixture = new SpoolFixture(Options(4 * 16 << 10)).Start();
        using (var writer = await fixture.Spool.BeginAsync(CancellationToken.None))
        {
            writer.Write(new byte[500_000]);
            await writer.DrainAsync(CancellationToken.None);
        }
        await fixture.Reopen();
        Assert.Empty(fixture.Arrivals);
        Assert.Empty(Directory.EnumerateFiles(Path.Combine(fixture.Directory, "large")));
    }

    [Fact]
    public async Task Large_memory_asked_for_at_once_is_given()
    {
        await using var fixture = new SpoolFixture(Options(1 << 20)).Start();
        QueueId id;
        using (var writer = await fixture.Spool.BeginAsync(CancellationToken.None))
        {
            SpoolFixture.Content(50_000, 5).CopyTo(writer.GetSpan(100_000));
            writer.Advance(50_000);
            await writer.CommitAsync(SpoolFixture.Envelope(("a.test", 1)), default);
            id = writer.Id;
        }
        using var delivery = await fixture.Spool.OpenAsync(fixture.EntryOf(id), TestContext.Current.CancellationToken);
        Assert.True(delivery.Content.TryGetMemory(out var content));
        Assert.Equal(SpoolFixture.Content(50_000, 5), content.ToArray());
    }
}
