using System.Diagnostics;
using MailCluster.Tests.Support;
using MailCluster.Support;

namespace MailCluster.Deployment.Tests.Image;

/// <summary>
/// The image without a container engine: what the Dockerfile's build stage makes of a copy of the sources, in a root that holds beside it only what the base image
/// does: .NET's runtime, libc, libgcc, libstdc++, OpenSSL, the authorities, and no shell.
/// </summary>
internal sealed class ImageRoot : IDisposable
{
    /// <summary>The packages that a chiselled base image is cut from; of those of OpenSSL one is there.</summary>
    private static readonly string[] s_packages = ["libc6", "libgcc-s1", "libstdc++6", "libssl3", "libssl3t64"];

    private readonly TemporaryFolder _folder = new();

    /// <summary>The root file system.</summary>
    public string Path => _folder.File("root");

    /// <summary>What becomes the volume of a pod.</summary>
    public string Data(string pod) => _folder.File($"data-{pod}");

    /// <summary>A file or folder in the root.</summary>
    public string In(string path) => Path + path;

    /// <summary>Runs the build stage, and lays the root out.</summary>
    public static async Task<ImageRoot> BuildAsync()
    {
        var image = new ImageRoot();
        try
        {
            var published = image._folder.File("stage");
            await BuildAsync(Dockerfile.Read(), published);
            await image.LayOutAsync(System.IO.Path.Combine(published, "app"));
            return image;
        }
        catch
        {
            image.Dispose();
            throw;
        }
    }

    public void Dispose() => _folder.Dispose();

    /// <summary>The build stage's instructions, with <c>/</c> being <paramref name="root"/>.</summary>
    private static async Task BuildAsync(Dockerfile file, string root)
    {
        var at = root;
        foreach (var (instruction, rest) in file.Stages[0].Skip(1))
        {
            switch (instruction)
            {
                case "WORKDIR":
                    at = root + rest;
                    Directory.CreateDirectory(at);
                    break;
                case "COPY" when rest.Split(' ') is [.. var sources, var target]:
                    Directory.CreateDirectory(System.IO.Path.Combine(at, target));
                    foreach (var source in sources) await CopyAsync(SourceTree.Find(source), System.IO.Path.Combine(at, target));
                    break;
                case "RUN":
                    var (code, output) = await Run.ToEndAsync("env", ["-C", at, "MSBUILDDISABLENODEREUSE=1", "DOTNET_CLI_TELEMETRY_OPTOUT=1", "DOTNET_NOLOGO=1",
                        .. rest.Replace("/app", root + "/app", StringComparison.Ordinal).Split(' ')], TimeSpan.FromMinutes(8));
                    Assert.True(code == 0, $"{rest}: {output}");
                    break;
                default:
                    Assert.Fail($"The test does not know {instruction}.");
                    break;
            }
        }
    }

    private static async Task CopyAsync(string source, string target)
    {
        // As .dockerignore has it: nothing that was built here before.
        var (code, output) = Directory.Exists(source)
            ? await Run.ToEndAsync("sh", ["-c", "cd \"$1\" && find . \\( -name bin -o -name obj \\) -prune -o -type f -print0 | xargs -0 cp --parents -t \"$2\"", "sh", source, target])
            : await Run.ToEndAsync("cp", [source, target]);
        Assert.True(code == 0, output);
    }

    private async Task LayOutAsync(string app)
    {
        foreach (var folder in new[] { "/usr/share/dotnet", "/usr/bin", "/etc/ssl/certs", "/etc/mailcluster", "/var/lib/mailcluster", "/var/run/secrets/kubernetes.io/serviceaccount", "/proc", "/sys/fs/cgroup", "/dev", "/tmp" }) Directory.CreateDirectory(In(folder));
        Directory.Move(app, In("/app"));
        var (_, list) = await Run.ToEndAsync("dpkg", ["-L", .. s_packages]);
        foreach (var library in list.Split('\n').Where(line => line.Contains(".so", StringComparison.Ordinal) && File.Exists(line)))
        {
            Directory.CreateDirectory(System.IO.Path.GetDirectoryName(In(library))!);
            File.Copy(library, In(library), overwrite: true);
        }

        // The loader stands where the program's header says, whatever the package calls it.
        foreach (var loader in Directory.GetFiles("/lib64", "ld-linux*"))
        {
            Directory.CreateDirectory(In("/lib64"));
            File.Copy(loader, In(loader), overwrite: true);
        }

        File.Copy("/etc/ssl/certs/ca-certificates.crt", In("/etc/ssl/certs/ca-certificates.crt"));
        File.WriteAllText(In("/etc/passwd"), "root:x:0:0:root:/root:/sbin/nologin\napp:x:1654:1654::/home/app:/bin/false\n");
        File.WriteAllText(In("/etc/group"), "root:x:0:\napp:x:1654:\n");
        foreach (var device in new[] { "null", "zero", "random", "urandom" }) await File.WriteAllTextAsync(In($"/dev/{device}"), "");
        File.CreateSymbolicLink(In("/usr/bin/dotnet"), "/usr/share/dotnet/dotnet");

        // Kubernetes writes these two.
        File.WriteAllText(In("/etc/resolv.conf"), "nameserver 127.0.0.1\noptions ndots:5 timeout:1 attempts:1\n");
        File.WriteAllText(In("/etc/hosts"), "127.0.0.1 localhost\n10.99.0.1 mailcluster-0.mailcluster-nodes\n10.99.0.2 mailcluster-1.mailcluster-nodes\n");
        File.WriteAllText(In("/etc/nsswitch.conf"), "hosts: files dns\n");
    }

    /// <summary>
    /// Starts the entry point the way the StatefulSet does: read-only root, a data directory of its own, user 1654 without capabilities and without a way to new ones.
    /// Its network is its own, or that of another pod: then both differ in their addresses, 10.99.0.1 and 10.99.0.2.
    /// </summary>
    public async Task<Process> StartAsync(IEnumerable<string> command, IEnumerable<KeyValuePair<string, string>> environment, string pod, int? beside = null)
    {
        const string script = """
            set -e
            root="$1" data="$2" name="$3"; shift 3
            mount --make-rprivate /
            hostname "$name"
            if [ "$1" = new ]; then ip link set lo up; ip address add 10.99.0.1/32 dev lo; ip address add 10.99.0.2/32 dev lo; fi
            shift
            mount --bind "$root" "$root"
            mount --bind /usr/share/dotnet "$root/usr/share/dotnet"
            mount -o remount,bind,ro "$root/usr/share/dotnet"
            mount --bind "$data" "$root/var/lib/mailcluster"
            mount -t proc proc "$root/proc"
            mount --bind /sys/fs/cgroup "$root/sys/fs/cgroup"
            for device in null zero random urandom; do mount --bind "/dev/$device" "$root/dev/$device"; done
            mount -o remount,bind,ro "$root"
            exec env -i PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin setpriv --no-new-privs -- chroot --userspec=1654:1654 --groups=1654 "$root" "$@"
            """;

        // Inside there is no env: the variables are set outside and go through.
        var variables = string.Join(' ', environment.Select(pair => $"'{pair.Key}={pair.Value.Replace("'", "'\\''", StringComparison.Ordinal)}'"));
        var withVariables = script.Replace("env -i ", $"env -i {variables} ", StringComparison.Ordinal);
        Directory.CreateDirectory(Data(pod));
        var (code, output) = await Run.ToEndAsync("chown", ["1654:1654", Data(pod)]);
        Assert.True(code == 0, output);
        string[] namespaces = beside is { } id ? ["nsenter", $"--net=/proc/{id}/ns/net", "unshare", "--mount", "--uts", "--ipc"] : ["unshare", "--mount", "--uts", "--net", "--ipc"];
        var process = new Process { StartInfo = new(namespaces[0], [.. namespaces[1..], "sh", "-c", withVariables, "sh", Path, Data(pod), pod, beside is null ? "new" : "beside", .. command]) { RedirectStandardOutput = true, RedirectStandardError = true } };
        process.Start();
        return process;
    }
}
