using System.Net;
using MailCluster.EndToEnd.Tests.Support;

namespace MailCluster.EndToEnd.Tests;

/// <summary>An operator suspends a domain and lets it go again, over HTTP and from the command line.</summary>
public sealed class SuspensionTests
{
    private static readonly HttpClient Client = new();

    private static async Task<(HttpStatusCode Status, string Text)> AskAsync(NodeProcess node, HttpMethod method, string path)
    {
        using var request = new HttpRequestMessage(method, $"http://127.0.0.1:{node.AdminPort}{path}");
        using var response = await Client.SendAsync(request, TestContext.Current.CancellationToken);
        return (response.StatusCode, await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
    }

    private static async Task AcceptAsync(NodeProcess node, string recipient)
    {
        using var client = await RawClient.HelloAsync(node.SmtpPort);
        Assert.StartsWith("250 2.0.0", await client.MailAsync("a@example.com", recipient, "Subject: x\r\n\r\nx\r\n"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Mail_of_a_suspended_domain_is_kept_over_a_crash_and_goes_at_once_when_it_is_resumed()
    {
        await using var sink = new RecordingSink();
        await using var node = await NodeProcess.StartAsync(Routes.To(sink));
        Assert.Equal((HttpStatusCode.OK, ""), await AskAsync(node, HttpMethod.Get, "/suspensions"));
        Assert.Equal((HttpStatusCode.OK, "held.example suspended\n"), await AskAsync(node, HttpMethod.Put, "/suspensions/HELD.example?reason=too%20many%20complaints&by=alice"));
        Assert.Equal((HttpStatusCode.OK, "held.example is suspended already\n"), await AskAsync(node, HttpMethod.Put, "/suspensions/held.example?reason=too%20many%20complaints&by=bob"));
        Assert.Matches(@"^held\.example since=\S+Z until=resumed by=alice reason=too many complaints\n$", (await AskAsync(node, HttpMethod.Get, "/suspensions")).Text);

        await AcceptAsync(node, "kept@held.example");
        await AcceptAsync(node, "first@other.example");
        await Eventually.HoldsAsync(() => sink.Messages.Any(message => message.Rcpts.Any(rcpt => rcpt.Contains("first@other.example", StringComparison.Ordinal))), "the other domain's mail", otherwise: () => node.Log);
        await Eventually.HoldsAsync(() => node.Log.Contains("domain=held.example suspended until=resumed by=alice reason=too many complaints", StringComparison.Ordinal), "a line in the log", otherwise: () => node.Log);

        await node.KillAsync();
        await node.StartAsync();
        await AcceptAsync(node, "second@other.example");
        await Eventually.HoldsAsync(() => sink.Messages.Any(message => message.Rcpts.Any(rcpt => rcpt.Contains("second@other.example", StringComparison.Ordinal))), "the other domain's mail", otherwise: () => node.Log);
        Assert.DoesNotContain(sink.Messages, message => message.Rcpts.Any(rcpt => rcpt.Contains("kept@held.example", StringComparison.Ordinal)));

        Assert.Equal((HttpStatusCode.OK, "held.example resumed\n"), await AskAsync(node, HttpMethod.Delete, "/suspensions/held.example?by=alice"));
        await Eventually.HoldsAsync(() => sink.Messages.Any(message => message.Rcpts.Any(rcpt => rcpt.Contains("kept@held.example", StringComparison.Ordinal))), "what was kept", TimeSpan.FromSeconds(10), () => node.Log);
        Assert.Equal((HttpStatusCode.OK, "held.example is not suspended\n"), await AskAsync(node, HttpMethod.Delete, "/suspensions/held.example"));
        await Eventually.HoldsAsync(() => node.Log.Contains("domain=held.example resumed by=alice", StringComparison.Ordinal), "a line in the log", otherwise: () => node.Log);
    }

    [Fact]
    public async Task A_suspension_with_an_end_ends_by_itself_and_what_cannot_be_understood_is_refused()
    {
        await using var sink = new RecordingSink();
        await using var node = await NodeProcess.StartAsync(Routes.To(sink));
        foreach (var (path, word) in new[]
        {
            ("/suspensions/not..a..domain", "is no domain"), ("/suspensions", "which domain?"), ("/suspensions/a.example?until=yesterday", "until: expected"),
            ("/suspensions/a.example?until=2001-01-01T00:00:00Z", "until: expected"), ("/suspensions/a.example?reason=a%0Ab", "reason: expected"), ("/suspensions/a.example?by=a%20b", "by: expected"),
        })
        {
            var (status, text) = await AskAsync(node, HttpMethod.Put, path);
            Assert.Equal(HttpStatusCode.BadRequest, status);
            Assert.Contains(word, text, StringComparison.Ordinal);
        }
        Assert.Equal(HttpStatusCode.NotFound, (await AskAsync(node, HttpMethod.Get, "/suspensions/a.example")).Status);

        var (code, output) = await CommandAsync("suspend", "held.example", "--reason", "a short while", "--until", "3s", "--config", node.ConfigurationFile);
        Assert.Equal((0, "held.example suspended\n"), (code, output));
        await AcceptAsync(node, "kept@held.example");
        (code, output) = await CommandAsync("suspensions", "--config", node.ConfigurationFile);
        Assert.Equal(0, code);
        await Eventually.HoldsAsync(() => !sink.Messages.IsEmpty, "what was kept, by itself", otherwise: () => node.Log);
        await Eventually.HoldsAsync(() => node.Log.Contains("domain=held.example resumed: its suspension has ended", StringComparison.Ordinal), "a line in the log", otherwise: () => node.Log);
        (code, output) = await CommandAsync("resume", "held.example", "--config", node.ConfigurationFile);
        Assert.Equal((0, "held.example is not suspended\n"), (code, output));
        (code, output) = await CommandAsync("suspend", "nothing here", "--config", node.ConfigurationFile);
        Assert.Equal(1, code);
        Assert.Contains("is no domain", output, StringComparison.Ordinal);

        await node.StopAsync();
        (code, output) = await CommandAsync("suspensions", "--config", node.ConfigurationFile);
        Assert.Equal(2, code);
        Assert.Contains("does not answer", output, StringComparison.Ordinal);
    }

    private static Task<(int ExitCode, string Output)> CommandAsync(params string[] words) => Run.ToEndAsync("dotnet", [Path.Combine(AppContext.BaseDirectory, "mailcluster.dll"), .. words]);
}
