namespace Metrics.Rules.Templates;

/// <summary>A part of a template.</summary>
internal abstract record GoNode;

/// <summary>Text that is printed as it is.</summary>
internal sealed record GoText(string Text) : GoNode;

/// <summary><c>{{ pipeline }}</c>, <c>{{ $x := pipeline }}</c> or <c>{{ $x = pipeline }}</c>.</summary>
internal sealed record GoAction(string? Variable, bool Declares, GoPipeline Pipeline) : GoNode;

/// <summary><c>if</c> and <c>with</c>.</summary>
internal sealed record GoBranch(bool IsWith, string? Variable, GoPipeline Condition, List<GoNode> Then, List<GoNode> Else) : GoNode;

/// <summary><c>range</c>.</summary>
internal sealed record GoRange(string? Key, string? Element, GoPipeline Over, List<GoNode> Body, List<GoNode> Else) : GoNode;

/// <summary><c>break</c> or <c>continue</c>.</summary>
internal sealed record GoJump(bool IsBreak) : GoNode;

/// <summary><c>template "name" pipeline</c>.</summary>
internal sealed record GoInvoke(string Name, GoPipeline? Data) : GoNode;

/// <summary>What the daemon itself writes, as a defined template of some name.</summary>
/// <param name="Write">From the dot to the text, or to a <see cref="GoMarkup"/>.</param>
internal sealed record GoNative(Func<object?, object?> Write) : GoNode;

/// <summary>A text and the templates that it defines.</summary>
internal sealed record GoSource(List<GoNode> Nodes, IReadOnlyDictionary<string, List<GoNode>> Defines);

/// <summary>Commands, each of which gets the result of the one before as its last argument.</summary>
internal sealed record GoPipeline(List<GoCommand> Commands);

/// <summary>A function and its arguments, or one operand alone.</summary>
internal sealed record GoCommand(List<GoOperand> Operands);

/// <summary>A value, and the fields that are taken of it one after the other.</summary>
/// <param name="Kind">What it is.</param>
/// <param name="Value">A literal, the name of a variable or function, or a <see cref="GoPipeline"/>.</param>
/// <param name="Fields">Field names.</param>
internal sealed record GoOperand(GoOperandKind Kind, object? Value, List<string> Fields);

internal enum GoOperandKind
{
    Literal,
    Dot,
    Variable,
    Function,
    Pipeline,
}
