using MailCluster.EndToEnd.Tests.Support;

namespace MailCluster.EndToEnd.Tests.Starting;

/// <summary>The spool, looked into from the command line.</summary>
public class SpoolCommandTests
{
    private static Task<(int ExitCode, string Output)> SpoolAsync(string word, string data) => Run.ToEndAsync("dotnet", [Path.Combine(AppContext.BaseDirectory, "mailcluster.dll"), "spool", word, "--data", data]);

    [Fact]
    public async Task List_and_check_show_what_waits_and_tell_damage_by_exit_code()
    {
        await using var node = await NodeProcess.StartAsync("delivery.enabled = off");
        using (var client = await RawClient.HelloAsync(node.SmtpPort))
        {
            Assert.StartsWith("250 2.0.0", await client.MailAsync("a@example.com", "b@example.org", "Subject: one\r\n\r\none\r\n"), StringComparison.Ordinal);
            Assert.StartsWith("250 2.0.0", await client.MailAsync("", "c@example.net", "Subject: two\r\n\r\n" + new string('x', 900) + "\r\n"), StringComparison.Ordinal);
        }

        var (busy, words) = await SpoolAsync("list", node.DataDirectory);
        Assert.Equal(2, busy);
        Assert.Contains("in use by another process", words, StringComparison.Ordinal);

        Assert.Equal(0, await node.StopAsync());
        var (listed, table) = await SpoolAsync("list", node.DataDirectory);
        Assert.Equal(0, listed);
        Assert.Matches(@"(?m)^[0-9a-f]{16}-1 +\d+s +\d+ B +active +0 +due +<a@example\.com> b@example\.org$", table);
        Assert.Matches(@"(?m)^[0-9a-f]{16}-2 +\d+s +\d+ B +active +0 +due +<> c@example\.net$", table);
        Assert.EndsWith("2 messages, 2 recipients\n", table, StringComparison.Ordinal);
        var (sound, summary) = await SpoolAsync("check", node.DataDirectory);
        Assert.Equal(0, sound);
        Assert.Contains("2 messages, 0 damaged", summary, StringComparison.Ordinal);

        var segment = Directory.GetFiles(Path.Combine(node.DataDirectory, "spool", "incoming"), "*.seg").Order(StringComparer.Ordinal).First();
        var octets = await File.ReadAllBytesAsync(segment, TestContext.Current.CancellationToken);
        octets[octets.AsSpan().IndexOf("Subject: one"u8)] ^= 1;
        await File.WriteAllBytesAsync(segment, octets, TestContext.Current.CancellationToken);
        var (damaged, found) = await SpoolAsync("check", node.DataDirectory);
        Assert.Equal(1, damaged);
        Assert.Contains(segment, found, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_directory_without_a_spool_is_named()
    {
        using var folder = new TemporaryFolder();
        var (code, output) = await SpoolAsync("check", folder.Path);
        Assert.Equal(2, code);
        Assert.Contains($"{folder.Path} is no spool", output, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", output, StringComparison.Ordinal);
    }
}
