using System.Globalization;
using Akka.Actor;
using Akka.Hosting;
using MailCluster.Actors;
using MailCluster.Actors.Rules;
using MailCluster.Node.Configuration;
using MailCluster.Protocol.Addressing;

namespace MailCluster.Node.Http;

/// <summary>
/// <c>/suspensions</c>, for operators: the domains whose mail is kept back on all nodes. GET lists them; PUT <c>/suspensions/DOMAIN?reason=…&amp;until=…&amp;by=…</c> suspends one, DELETE
/// resumes it. Both answer when it is on this node's disk, and may be repeated.
/// </summary>
internal sealed class SuspensionsEndpoint(NodeReadiness readiness, RelayParts parts, Func<ActorSystem> system, TimeProvider time) : IHttpEndpoint
{
    private const int LongestReason = 200;
    private const int LongestAuthor = 100;

    /// <summary>A write to the disk, behind what other nodes may be telling.</summary>
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(10);

    /// <inheritdoc/>
    public string Path => "/suspensions";

    /// <inheritdoc/>
    public bool ForOperators => true;

    /// <inheritdoc/>
    public IReadOnlyList<string> Methods => [HttpMethods.Get, HttpMethods.Put, HttpMethods.Delete];

    /// <inheritdoc/>
    public async Task<HttpAnswer> AnswerAsync(HttpRequest request)
    {
        var name = request.Path.Value![Path.Length..].Trim('/');
        if (HttpMethods.IsGet(request.Method))
        {
            return name.Length == 0 ? HttpAnswer.Lines(parts.Suspended.All.Select(Line)) : GetOne(name);
        }

        if (!DomainName.TryParse(name, out var domain))
        {
            return Bad(name.Length == 0 ? $"which domain? {Path}/DOMAIN" : $"\"{name}\" is no domain");
        }

        if (Words(request, out var author, out var reason) is { } wrong)
        {
            return Bad(wrong);
        }

        if (readiness.ClusterMissing is not null)
        {
            return new(StatusCodes.Status503ServiceUnavailable, "not joined to the cluster yet; ask again\n");
        }

        var key = Suspension.KeyOf(domain);
        if (HttpMethods.IsDelete(request.Method))
        {
            return await AskAsync(new RulesProtocol.Remove(key, author, reason), domain, "resumed", "is not suspended");
        }

        return TryUntil(request.Query["until"], out var until)
            ? await AskAsync(new RulesProtocol.Put(key, "", until, author, reason), domain, "suspended", "is suspended already")
            : Bad("until: expected a duration such as 30m, 4h or 5d, or a time to come such as 2027-01-31T12:00:00Z");
    }

    private HttpAnswer GetOne(string name) => DomainName.TryParse(name, out var domain) && parts.Suspended.All.FirstOrDefault(suspension => suspension.Domain == domain) is { } found
        ? HttpAnswer.Lines([Line(found)])
        : new(StatusCodes.Status404NotFound, $"{name} is not suspended\n");

    private static string Line(Suspension suspension) => string.Create(CultureInfo.InvariantCulture,
        $"{suspension.Domain} since={suspension.At:yyyy-MM-ddTHH:mm:ssZ} until={(suspension.Until is { } until ? until.ToString("yyyy-MM-ddTHH:mm:ssZ", CultureInfo.InvariantCulture) : "resumed")} by={suspension.Author} reason={suspension.Reason}");

    private async Task<HttpAnswer> AskAsync(object message, DomainName domain, string done, string already)
    {
        object answer;
        try
        {
            answer = await ActorRegistry.For(system()).Get<AdministrativeRules>().Ask(message, Limit);
        }
        catch (AskTimeoutException)
        {
            return new(StatusCodes.Status503ServiceUnavailable, $"not stored within {Limit.TotalSeconds:0} s; ask again\n");
        }

        return answer switch
        {
            RulesProtocol.Done { IsChange: true } change => HttpAnswer.Lines([$"{domain} {done}{(change.Peers > 0 ? $"; {change.Peers} other nodes are told" : "")}"]),
            RulesProtocol.Done => HttpAnswer.Lines([$"{domain} {already}"]),
            RulesProtocol.Refused refused => new(StatusCodes.Status500InternalServerError, $"not stored: {refused.Reason}\n"),
            _ => new(StatusCodes.Status500InternalServerError, "not stored\n"),
        };
    }

    /// <summary>Who and why; returns what is wrong with them, or null.</summary>
    private static string? Words(HttpRequest request, out string author, out string reason)
    {
        reason = request.Query["reason"].ToString();
        author = request.Query["by"].ToString() is { Length: > 0 } by ? by : $"{request.HttpContext.Connection.RemoteIpAddress}";
        return reason.Length > LongestReason || reason.Any(char.IsControl) ? $"reason: expected a line of at most {LongestReason} characters"
            : author.Length > LongestAuthor || author.Any(c => char.IsControl(c) || c == ' ') ? $"by: expected a word of at most {LongestAuthor} characters"
            : null;
    }

    /// <summary>A time to come or a duration from now, in whole seconds; null where none is given.</summary>
    private bool TryUntil(string? text, out DateTimeOffset? until)
    {
        until = null;
        if (string.IsNullOrEmpty(text))
        {
            return true;
        }

        var now = time.GetUtcNow();
        if (Formats.Duration.Parse(text).Try(out var span))
        {
            until = now + span;
        }
        else if (DateTimeOffset.TryParseExact(text, ["yyyy-MM-dd'T'HH:mm:ssK", "yyyy-MM-dd'T'HH:mmK"], CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var at))
        {
            until = at.ToUniversalTime();
        }

        return until > now;
    }

    private static HttpAnswer Bad(string what) => new(StatusCodes.Status400BadRequest, what + "\n");
}
