"""Condition keys that calls have here; the modules on rights put them into the context of a decision."""

KNOWN = frozenset(
    {
        "aws:principalaccount",
        "aws:principalarn",
        "aws:principalisawsservice",
        "aws:principaltype",
        "aws:securetransport",
        "aws:sourceaccount",
        "aws:sourcearn",
        "aws:sourceowner",  # in moto's own topic policies; obsolete, no call has it
        "aws:userid",
        "aws:username",
        "bedrock:inferenceprofilearn",
        "dynamodb:attributes",
        "dynamodb:leadingkeys",
        "dynamodb:returnvalues",
        "dynamodb:select",
        "kms:calleraccount",
        "kms:encryptioncontext:aws:sns:topicarn",
        "kms:viaservice",
        "s3:existingobjecttag",
        "s3:if-none-match",
        "s3:objectcreationoperation",
        "s3:prefix",
        "s3:requestobjecttag",
        "s3:requestobjecttagkeys",
        "s3:tlsversion",
        "s3:versionid",
        "sts:externalid",
        "sts:rolesessionname",
        "sts:sourceidentity",
    }
)
