using System.Diagnostics;
using System.Globalization;
using System.Text.RegularExpressions;
using MailCluster.EndToEnd.Tests.Support;

namespace MailCluster.EndToEnd.Tests;

/// <summary>Postfix's own load tools on either side: smtp-sink counts what smtp-source sent.</summary>
[Collection(nameof(Alone))]
public partial class SmtpSinkTests
{
    [Fact]
    public async Task Five_thousand_mails_of_smtp_source_are_five_thousand_at_smtp_sink()
    {
        var port = FreePort.Next();
        var user = Environment.IsPrivilegedProcess ? new[] { "-u", "nobody" } : [];
        using var sink = new Process
        {
            StartInfo = new("smtp-sink", [.. user, "-c", "-m", "100", string.Create(CultureInfo.InvariantCulture, $"127.0.0.1:{port}"), "256"]) { RedirectStandardOutput = true },
        };
        sink.Start();
        try
        {
            var counted = 0;
            var counting = Task.Run(async () =>
            {
                var buffer = new char[4096];
                while (await sink.StandardOutput.ReadAsync(buffer) is > 0 and var read)
                {
                    foreach (Match count in Count().Matches(new string(buffer, 0, read)))
                    {
                        counted = Math.Max(counted, int.Parse(count.Groups[1].Value, CultureInfo.InvariantCulture));
                    }
                }
            });
            await using var node = await NodeProcess.StartAsync(Routes.To(port));
            var (code, output) = await Run.ToEndAsync("smtp-source",
                ["-s", "10", "-m", "5000", "-l", "2048", "-f", "a@a.test", "-t", "b@b.test", $"127.0.0.1:{node.SmtpPort}"], TimeSpan.FromSeconds(120));
            Assert.True(code == 0, output);
            await Eventually.HoldsAsync(() => Volatile.Read(ref counted) >= 5000, "5000 mails at smtp-sink", TimeSpan.FromSeconds(60), () => $"{counted} came.\n{node.Log[^Math.Min(2000, node.Log.Length)..]}");
            Assert.Equal(0, await node.StopAsync());
            sink.Kill();
            await counting;
            Assert.Equal(5000, counted);
        }
        finally
        {
            if (!sink.HasExited)
            {
                sink.Kill();
            }
            await sink.WaitForExitAsync();
        }
    }

    [GeneratedRegex("mesg=([0-9]+)[\\r ]")]
    private static partial Regex Count();
}
