using System.Globalization;
using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using k8s;
using k8s.Authentication;
using k8s.Autorest;
using k8s.Exceptions;

namespace MailCluster.Node.Kubernetes;

/// <summary>
/// Asks the Kubernetes API for one StatefulSet. Nothing of the client is loaded before the first question, so that a node costs the same with it and without.
/// What fails in passing is asked again until the time is up: a wrong "unknown" strands mail on a volume that nobody mounts.
/// </summary>
/// <param name="account">How the API is reached.</param>
/// <param name="limit">How long all of it may take.</param>
/// <param name="patience">How long one answer may take.</param>
/// <param name="time">The clock.</param>
internal sealed class StatefulSetInquiry(ServiceAccount account, TimeSpan limit, TimeSpan patience, TimeProvider time)
{
    /// <summary>Whoever asks has some ten seconds.</summary>
    public static readonly TimeSpan DefaultLimit = TimeSpan.FromSeconds(8);

    /// <summary>Three failed tries fit in.</summary>
    public static readonly TimeSpan DefaultPatience = TimeSpan.FromSeconds(2.5);

    private static readonly TimeSpan s_pause = TimeSpan.FromMilliseconds(250);

    /// <summary>Never throws for what the API or the network does; that is an answer too.</summary>
    public async Task<StatefulSetAnswer> AskAsync(string name, CancellationToken cancellation)
    {
        if (account.Missing is { } missing) return new StatefulSetAnswer.Unknown(missing);
        using var over = new CancellationTokenSource(limit, time);
        using var end = CancellationTokenSource.CreateLinkedTokenSource(over.Token, cancellation);
        var last = "the Kubernetes API has not answered";
        try
        {
            using var client = Connect();
            var place = (await File.ReadAllTextAsync(account.Namespace, end.Token)).Trim();
            for (var pause = s_pause; ; pause *= 2)
            {
                var (answer, reason) = await TryAsync(client, name, place, end.Token);
                if (answer is not null) return answer;
                last = reason;
                await Task.Delay(pause, time, end.Token);
            }
        }
        catch (OperationCanceledException) when (end.IsCancellationRequested)
        {
            return new StatefulSetAnswer.Unknown(last);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or CryptographicException or KubeConfigException or UriFormatException)
        {
            return new StatefulSetAnswer.Unknown($"the service account in {account.Folder} cannot be used: {e.Message}");
        }
    }

    private k8s.Kubernetes Connect()
    {
        var authorities = new X509Certificate2Collection();
        authorities.ImportFromPemFile(account.Authority);
        return new(new KubernetesClientConfiguration
        {
            // UriBuilder puts an IPv6 address into brackets.
            Host = new UriBuilder("https", account.Host, int.Parse(account.Port!, CultureInfo.InvariantCulture)).ToString(),
            SslCaCerts = authorities,
            TokenProvider = new TokenFileAuth(account.Token),
            HttpClientTimeout = patience,
        });
    }

    /// <summary>An answer, or why there is none yet.</summary>
    private static async Task<(StatefulSetAnswer? Answer, string Reason)> TryAsync(k8s.Kubernetes client, string name, string place, CancellationToken cancellation)
    {
        try
        {
            var set = await client.AppsV1.ReadNamespacedStatefulSetAsync(name, place, cancellationToken: cancellation);
            return set.Metadata?.DeletionTimestamp is null
                ? (new StatefulSetAnswer.Stays(set.Spec?.Ordinals?.Start ?? 0, set.Spec?.Replicas ?? 1), "")
                : (new StatefulSetAnswer.Deleted("is being deleted"), "");
        }
        catch (HttpOperationException e)
        {
            var status = e.Response.StatusCode;
            var said = string.Create(CultureInfo.InvariantCulture, $"the Kubernetes API answered {(int)status} to \"get statefulsets/{name}\" in namespace {place}");
            return status switch
            {
                HttpStatusCode.NotFound => (new StatefulSetAnswer.Deleted("is not there any more"), ""),
                HttpStatusCode.Forbidden => (new StatefulSetAnswer.Unknown($"{said}: the service account's Role does not allow it"), ""),
                HttpStatusCode.Unauthorized => (null, $"{said}: it does not accept the service account's token"),
                HttpStatusCode.RequestTimeout or HttpStatusCode.TooManyRequests or >= HttpStatusCode.InternalServerError => (null, said),
                _ => (new StatefulSetAnswer.Unknown(said), ""),
            };
        }
        catch (HttpRequestException e)
        {
            return (null, $"the Kubernetes API cannot be asked: {e.InnerException?.Message ?? e.Message}");
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            return (null, "the Kubernetes API does not answer in time");
        }
        catch (System.Text.Json.JsonException e)
        {
            return (new StatefulSetAnswer.Unknown($"the Kubernetes API's answer cannot be read: {e.Message}"), "");
        }
    }
}
