using MailCluster.Deployment.Tests.Support;
using MailCluster.Tests.Support;

namespace MailCluster.Deployment.Tests.Manifests;

/// <summary>The program itself checks the configuration of each overlay, on a machine that is called like a pod.</summary>
public class CheckTests
{
    private static async Task<(int ExitCode, string Output)> CheckAsync(Deployed all, string pod, string? hocon = null)
    {
        Assert.SkipUnless(Environment.IsPrivilegedProcess, "Only root can call the machine otherwise.");
        using var folder = new TemporaryFolder();
        await File.WriteAllTextAsync(folder.File("cluster.hocon"), hocon ?? all.Hocon, TestContext.Current.CancellationToken);
        return await Run.ToEndAsync("unshare", ["--uts", "sh", "-c", "hostname \"$1\"; shift; exec env \"$@\"", "sh", pod, .. all.Environment.Select(pair => $"{pair.Key}={pair.Value}"),
            "dotnet", Path.Combine(AppContext.BaseDirectory, "mailcluster.dll"), "--config", folder.File("cluster.hocon"), "--check"]);
    }

    [Theory]
    [InlineData("base", "mailcluster-0")]
    [InlineData("base", "mailcluster-11")]
    [InlineData("overlays/local", "mailcluster-1")]
    [InlineData("overlays/production", "mailcluster-2")]
    public async Task Every_key_is_read_and_in_force(string folder, string pod)
    {
        var all = Deployed.Parse(Kubectl.Newest.Kustomize($"deploy/k8s/{folder}"));
        var (code, output) = await CheckAsync(all, pod);
        Assert.True(code == 0, output);
        Assert.Contains("mailcluster.cluster.service = mailcluster-nodes", output, StringComparison.Ordinal);
        Assert.Contains("# default, cluster.service and the machine's name", output, StringComparison.Ordinal);
        Assert.All(all.Environment.Keys, variable => Assert.Contains($"# environment variable {variable}", output, StringComparison.Ordinal));
        if (!all.Environment.ContainsKey("MAILCLUSTER__SHUTDOWN__DELAY")) Assert.Contains("mailcluster.shutdown.delay = 30s", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_key_that_no_node_reads_stops_it()
    {
        var all = Deployed.Parse(Kubectl.Newest.Kustomize("deploy/k8s/base"));
        var (code, output) = await CheckAsync(all, "mailcluster-0", all.Hocon.Replace("bootstrap =", "boostrap =", StringComparison.Ordinal));
        Assert.Equal(1, code);
        Assert.Contains("mailcluster.cluster.boostrap: unknown key; did you mean \"bootstrap\"?", output, StringComparison.Ordinal);
    }
}
