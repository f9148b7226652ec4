using System.Diagnostics;
using System.Text.RegularExpressions;
using MailCluster.Tests.Support;
using MailCluster.Support;

namespace MailCluster.Deployment.Tests.Support;

/// <summary>A kubectl on this machine. tests/run.sh unpacks Debian's (1.20) into artifacts/, since its package cannot stand beside others that bring a kubectl.</summary>
internal sealed partial record Kubectl(string Path, int Minor)
{
    private static readonly Lazy<IReadOnlyList<Kubectl>> s_all = new(Find);

    /// <summary>One of each version, oldest first.</summary>
    public static IReadOnlyList<Kubectl> All => s_all.Value;

    /// <summary>The one that an operator is likely to have.</summary>
    public static Kubectl Newest => All is [.., var newest] ? newest : throw new FileNotFoundException("No kubectl here; tests/run.sh unpacks Debian's into artifacts/.");

    /// <summary>What the kustomization in a folder, given from the top of the repository, comes to. Fails on anything but a warning that a field is old.</summary>
    public string Kustomize(string folder)
    {
        using var process = new Process { StartInfo = new(Path, ["kustomize", SourceTree.Find(folder)]) { RedirectStandardOutput = true, RedirectStandardError = true } };
        process.Start();
        var error = process.StandardError.ReadToEndAsync();
        var output = process.StandardOutput.ReadToEnd();
        Assert.True(process.WaitForExit(TimeSpan.FromSeconds(60)) && process.ExitCode == 0, $"{this} kustomize {folder}: {error.Result}");
        Assert.All(error.Result.Split('\n', StringSplitOptions.RemoveEmptyEntries), line => Assert.Contains("is deprecated", line, StringComparison.Ordinal));
        return output;
    }

    public override string ToString() => $"kubectl 1.{Minor}";

    private static List<Kubectl> Find()
    {
        var folders = new[] { SourceTree.Find("artifacts/kubernetes-client/usr/bin") }.Concat((Environment.GetEnvironmentVariable("PATH") ?? "").Split(':'));
        var found = new SortedDictionary<int, Kubectl>();
        foreach (var path in folders.Select(folder => System.IO.Path.Combine(folder, "kubectl")).Where(File.Exists))
        {
            var version = Version().Match(Run.ToEndAsync(path, ["version", "--client", "-o", "json"]).GetAwaiter().GetResult().Output);
            if (version.Success) found.TryAdd(int.Parse(version.Groups[1].Value), new(path, int.Parse(version.Groups[1].Value)));
        }

        return [.. found.Values];
    }

    [GeneratedRegex("\"gitVersion\": *\"v1\\.([0-9]+)\\.")]
    private static partial Regex Version();
}
