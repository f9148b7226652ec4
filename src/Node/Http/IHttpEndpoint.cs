namespace MailCluster.Node.Http;

/// <summary>One thing that the node answers over HTTP. Made before there is an actor system: what needs one asks for it in <see cref="AnswerAsync"/>.</summary>
internal interface IHttpEndpoint
{
    /// <summary>Where it is found, <c>/cluster</c>; what stands below it is its own too, <c>/cluster/…</c>.</summary>
    string Path { get; }

    /// <summary>True where only operators may ask: it is found on <c>admin.bind</c> alone.</summary>
    bool ForOperators { get; }

    /// <summary>What may be asked; others are answered 405. HEAD goes with GET by itself.</summary>
    IReadOnlyList<string> Methods { get; }

    /// <summary>Answers one request, whose method is one of <see cref="Methods"/>.</summary>
    Task<HttpAnswer> AnswerAsync(HttpRequest request);
}
