namespace MailCluster.Spool.Tests;

/// <summary>Octets that changed in segments that were written whole.</summary>
public class DamageTests
{
    private static SpoolOptions Options(string directory) => new() { Directory = directory, SegmentSize = 16 << 10, MinimumFree = 0, ReclaimAbove = 1 << 30 };

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_changed_octet_in_a_sealed_segment_costs_at_most_the_message_it_is_in(bool withSidecars)
    {
        var directory = SpoolFixture.NewDirectory();
        var contents = new Dictionary<QueueId, byte[]>();
        await using (var spool = Spool.Open(Options(directory)))
        {
            spool.Start(static _ => { });
            for (var i = 0; i < 24; i++)
            {
                var content = SpoolFixture.Content(1500, i);
                contents.Add(await SpoolFixture.Commit(spool, SpoolFixture.Envelope(("a.test", 1)), content), content);
            }
        }
        var segment = Directory.EnumerateFiles(Path.Combine(directory, "incoming"), "*.seg").Order(StringComparer.Ordinal).ElementAt(1);
        if (!withSidecars)
        {
            File.Delete(Path.ChangeExtension(segment, ".idx"));
        }
        var whole = File.ReadAllBytes(segment);
        var damagedMessages = 0;
        for (var octet = 0; octet < whole.Length; octet += 29)
        {
            var copy = TailTests.Copy(directory);
            var damaged = (byte[])whole.Clone();
            damaged[octet] ^= 1;
            File.WriteAllBytes(Path.Combine(copy, "incoming", Path.GetFileName(segment)), damaged);
            var spool = Spool.Open(Options(copy));
            var arrivals = new List<Arrival>();
            spool.Start(arrivals.AddRange);
            await spool.FlushAsync();
            var intact = new HashSet<QueueId>();
            foreach (var arrival in arrivals)
            {
                try
                {
                    using var delivery = await spool.OpenAsync(arrival.Entry, TestContext.Current.CancellationToken);
                    Assert.Equal(contents[delivery.Id], await SpoolFixture.ReadAll(delivery.Content));
                    intact.Add(delivery.Id);
                }
                catch (InvalidDataException)
                {
                    // Told again whenever it is asked for.
                    await Assert.ThrowsAsync<InvalidDataException>(async () => await spool.OpenAsync(arrival.Entry, CancellationToken.None));
                }
            }
            Assert.InRange(contents.Count - intact.Count, 0, 1);
            Assert.Equal(intact.Count, spool.OpenRecipients);
            await spool.DisposeAsync();
            if (intact.Count < contents.Count)
            {
                damagedMessages++;
                Assert.True(spool.DamageCount > 0);
                Assert.NotEmpty(Directory.EnumerateFiles(Path.Combine(copy, "corrupt")));
                Assert.NotEmpty(SpoolInspector.Inspect(copy).Damage);
            }
            Directory.Delete(copy, recursive: true);
        }
        Assert.True(damagedMessages > 300, $"Only {damagedMessages} changes were noticed.");
        Assert.Empty(SpoolInspector.Inspect(directory).Damage);
        Assert.Equal(contents.Keys.ToHashSet(), SpoolInspector.Inspect(directory).Messages.Select(static message => message.Id).ToHashSet());
        Directory.Delete(directory, recursive: true);
    }
}
