"use strict";
// Drives the official JavaScript client against a server with the sample company, step by step.
// node steps.js ADDRESS KEY; every step asserts, a step that fails does not hinder the next ones.

const assert = require("node:assert/strict");
const { createRequire } = require("node:module");

globalThis.File ??= require("node:buffer").File; // global from Node 20 on
const installed = createRequire(`${process.env.SN_CLIENTS}/package.json`);
const { Repository, SharingLevel, SharingMode, isExtendedError } = installed("@sensenet/client-core");
const { Query } = installed("@sensenet/query");
const { EventHub } = installed("@sensenet/repository-events");

const [address, adminKey] = process.argv.slice(2);
let passed = 0;
const failures = [];

async function step(name, act) {
  try {
    await act();
    passed += 1;
  } catch (error) {
    failures.push(`${name}: ${String(error.message).split("\n").slice(0, 12).join(" | ")}`);
  }
}

function connect(key, config = {}) {
  const send = (request) => {
    if (key) request.headers.set("apikey", key);
    return fetch(request);
  };
  return new Repository({ repositoryUrl: address, ...config }, send);
}

const names = (answer) => answer.d.results.map((content) => content.Name);
const sorted = (list) => [...list].sort();

async function refused(promise, status, kind) {
  const error = await promise.then(
    () => assert.fail("this was not refused"),
    (problem) => problem,
  );
  if (!error.response) throw error;
  assert.equal(isExtendedError(error), true);
  assert.equal(error.response.status, status, error.message);
  if (kind) assert.equal(error.body.error.exceptiontype, kind);
  return error;
}

const HOME = "/Root/Content";
const PLACE = `${HOME}/Workshop`;

// Some operations answer with nothing at all, and the client reads every answer as JSON.
function silent(error) {
  if (!(error instanceof SyntaxError)) throw error;
}

async function contents(repo) {
  const load = (idOrPath, oDataOptions) => repo.load({ idOrPath, oDataOptions }).then((answer) => answer.d);
  const list = (path, oDataOptions) => repo.loadCollection({ path, oDataOptions });
  const made = {};
  const post = async (parentPath, contentType, content, oDataOptions) => {
    const answer = await repo.post({ parentPath, contentType, content, oDataOptions });
    made[answer.d.Name] = answer.d;
    return answer.d;
  };

  await step("load the root by path", async () => assert.equal((await load("/Root")).Type, "PortalRoot"));
  await step("load by id", async () => assert.equal((await load(2)).Path, "/Root"));
  await step("load only what is selected, and what is required", async () =>
    assert.deepEqual(sorted(Object.keys(await load(HOME, { select: ["Index"] }))),
      ["Id", "Index", "Name", "Path", "Type"]));
  await step("load what is read without a select", async () =>
    assert.deepEqual(sorted(Object.keys(await load(HOME))),
      ["Description", "DisplayName", "Icon", "Id", "Name", "Path", "Type"]));
  await step("load all fields", async () => assert.ok(Object.keys(await load(HOME, { select: "all" })).length > 40));
  await step("load with an expanded reference", async () => {
    const found = await load(HOME, { select: ["CreatedBy/Name"], expand: ["CreatedBy"] });
    assert.equal(found.CreatedBy.Name, "Admin");
  });
  await step("load with full metadata", async () => {
    const found = await load(HOME, { metadata: "full" });
    assert.match(found.__metadata.uri, /odata\.svc\/Root\('Content'\)/);
    assert.ok(Array.isArray(found.__metadata.actions));
  });
  await step("a missing content", () => refused(load("/Root/Content/Nowhere"), 404));

  await step("create a workspace", async () => assert.equal((await post(HOME, "Workspace", { Name: "Workshop" })).Path, PLACE));
  await step("allow more types below it", async () => {
    await repo.allowedChildTypes.add(PLACE, ["Memo", "Task", "File", "Folder", "Link", "Image"]).catch(silent);
    const found = await repo.allowedChildTypes.get({ idOrPath: PLACE });
    assert.ok(names(found).includes("Memo"));
  });
  await step("no longer allow a type", async () => {
    await repo.allowedChildTypes.remove(PLACE, ["Image"]).catch(silent);
    assert.ok(!names(await repo.allowedChildTypes.getImplicit({ idOrPath: PLACE })).includes("Image"));
  });
  await step("types by definition", async () =>
    assert.ok(names(await repo.allowedChildTypes.getFromCTD(PLACE)).includes("TaskList")));
  await step("effective types", async () =>
    assert.ok(names(await repo.allowedChildTypes.getExplicit({ idOrPath: PLACE })).includes("SystemFolder")));
  await step("replace the types", async () => {
    await repo.allowedChildTypes.update(PLACE, ["Memo", "Task", "TaskList", "File", "Folder", "Link", "DocumentLibrary"]);
    assert.equal((await repo.allowedChildTypes.getImplicit({ idOrPath: PLACE })).d.__count, 7);
  });

  await step("create a list", async () => assert.equal((await post(PLACE, "TaskList", { Name: "Jobs" })).Type, "TaskList"));
  for (const [name, priority, done] of [["Saw", 1, 10], ["Drill", 2, 20], ["Glue", 3, 30], ["Paint", 1, 40]]) {
    await step(`create the task ${name}`, async () => {
      const content = { Name: name, DisplayName: `${name} the boards`, Priority: priority, TaskCompletion: done, Index: done / 10 };
      const task = await post(`${PLACE}/Jobs`, "Task", content, { select: ["Priority", "TaskCompletion"] });
      assert.deepEqual([task.Name, task.Priority, task.TaskCompletion], [name, [String(priority)], done]);
    });
  }
  await step("a taken name", () => refused(post(`${PLACE}`, "TaskList", { Name: "Jobs" }), 403, "NodeAlreadyExistsException"));
  await step("a type that is not allowed", () => refused(post(`${PLACE}`, "Workspace", { Name: "x" }), 500, "InvalidOperationException"));
  await step("an unknown type", () => refused(post(`${PLACE}`, "Spaceship", { Name: "x" }), 400, "ApplicationException"));
  await step("a name out of a display name", async () => {
    const folder = await post(PLACE, "Folder", { DisplayName: "Old boards & planks" });
    assert.equal(folder.Name, "Old boards - planks");
  });
  await step("numbered names", async () => {
    const dated = { Name: "Minutes", Date: "2027-02-03T00:00:00Z" };
    assert.deepEqual([(await post(PLACE, "Memo", dated)).Name, (await post(PLACE, "Memo", dated)).Name], ["Minutes", "Minutes(1)"]);
  });

  await step("a collection in order", async () =>
    assert.deepEqual(names(await list(`${PLACE}/Jobs`, { orderby: ["DisplayName"] })), ["Drill", "Glue", "Paint", "Saw"]));
  await step("a collection in descending order", async () =>
    assert.deepEqual(names(await list(`${PLACE}/Jobs`, { orderby: [["TaskCompletion", "desc"]] })), ["Paint", "Glue", "Drill", "Saw"]));
  await step("two sort keys", async () =>
    assert.deepEqual(names(await list(`${PLACE}/Jobs`, { orderby: [["Priority", "desc"], ["Name", "asc"]] })), ["Glue", "Drill", "Paint", "Saw"]));
  await step("a page and the total", async () => {
    const page = await list(`${PLACE}/Jobs`, { orderby: ["Index"], top: 2, skip: 1, inlinecount: "allpages" });
    assert.deepEqual([names(page), page.d.__count], [["Drill", "Glue"], 4]);
  });
  await step("a filter", async () =>
    assert.deepEqual(sorted(names(await list(`${PLACE}/Jobs`, { filter: "TaskCompletion gt 15 and TaskCompletion lt 35" }))), ["Drill", "Glue"]));
  await step("a filter by the beginning", async () =>
    assert.deepEqual(names(await list(`${PLACE}/Jobs`, { filter: "startswith(Name,'Pa')" })), ["Paint"]));
  await step("a filter by type", async () =>
    assert.deepEqual(sorted(names(await list(PLACE, { filter: "isof('Memo')" }))), ["Minutes", "Minutes(1)"]));
  await step("a filter that is none", () => refused(list(`${PLACE}/Jobs`, { filter: "TaskCompletion gt" }), 400));
  await step("a reference as a collection", async () => {
    await repo.patch({ idOrPath: `${PLACE}/Jobs/Saw`, content: { AssignedTo: ["/Root/IMS/BuiltIn/Portal/Admin"] } });
    const found = await list(`${PLACE}/Jobs/Saw`, { expand: ["AssignedTo"] });
    assert.ok(found.d);
  });
  await step("expanded references", async () => {
    const found = await load(`${PLACE}/Jobs/Saw`, { select: ["AssignedTo/Name"], expand: ["AssignedTo"] });
    assert.deepEqual(found.AssignedTo.map((user) => user.Name), ["Admin"]);
  });
  await step("a count", async () => assert.equal(await repo.count({ path: `${PLACE}/Jobs` }), 4));
  await step("a count with a filter", async () =>
    assert.equal(await repo.count({ path: `${PLACE}/Jobs`, oDataOptions: { filter: "Index le 3" } }), 3));
  await step("a property", async () => assert.equal(await repo.getPropertyValue(`${PLACE}/Jobs/Glue`, "DisplayName"), "Glue the boards"));
  await step("the metadata of the service", async () => assert.ok(await repo.getMetadata()));
  await step("the metadata of a list", async () => assert.ok(await repo.getMetadata(`${PLACE}/Jobs`)));

  await step("patch one field", async () => {
    const answer = await repo.patch({ idOrPath: `${PLACE}/Jobs/Saw`, content: { Status: "active" }, oDataOptions: { select: ["Status"] } });
    assert.deepEqual(answer.d.Status, ["active"]);
  });
  await step("patch by id", async () => {
    const answer = await repo.patch({ idOrPath: made.Drill.Id, content: { TaskCompletion: 55 }, oDataOptions: { select: ["TaskCompletion"] } });
    assert.equal(answer.d.TaskCompletion, 55);
  });
  await step("a value that is refused", () =>
    refused(repo.patch({ idOrPath: made.Drill.Id, content: { Status: "tired" } }), 400, "InvalidContentException"));
  await step("a number that is none", () =>
    refused(repo.patch({ idOrPath: made.Drill.Id, content: { TaskCompletion: "half" } }), 400, "FormatException"));
  await step("rename", async () => {
    await repo.patch({ idOrPath: made.Drill.Id, content: { Name: "Bore" } });
    assert.equal((await load(made.Drill.Id)).Path, `${PLACE}/Jobs/Bore`);
  });
  await step("the old name is free", () => refused(load(`${PLACE}/Jobs/Drill`), 404));
  await step("put resets what is not sent", async () => {
    const answer = await repo.put({ idOrPath: made.Paint.Id, content: { Name: "Paint", DisplayName: "Paint it" }, oDataOptions: { select: ["TaskCompletion", "DisplayName"] } });
    assert.deepEqual([answer.d.DisplayName, answer.d.TaskCompletion], ["Paint it", 0]);
  });

  await step("create places", async () => {
    for (const name of ["Shelf", "Bin"]) await post(PLACE, "Folder", { Name: name });
    await repo.allowedChildTypes.update(`${PLACE}`, ["Memo", "Task", "TaskList", "File", "Folder", "Link", "DocumentLibrary"]);
  });
  await step("copy", async () => {
    const answer = await repo.copy({ idOrPath: `${PLACE}/Minutes`, targetPath: `${PLACE}/Shelf` });
    assert.deepEqual([answer.d.results.map((row) => row.Path), answer.d.errors], [[`${PLACE}/Shelf/Minutes`], []]);
  });
  await step("copy where the name is taken", async () => {
    const answer = await repo.copy({ idOrPath: `${PLACE}/Minutes`, targetPath: `${PLACE}/Shelf` });
    assert.deepEqual([answer.d.results.length, answer.d.errors.length], [0, 1]);
  });
  await step("copy two", async () => {
    const answer = await repo.copy({ idOrPath: [made.Minutes.Id, made["Minutes(1)"].Id], targetPath: `${PLACE}/Bin` });
    assert.equal(answer.d.results.length, 2);
  });
  await step("move", async () => {
    const answer = await repo.move({ idOrPath: `${PLACE}/Minutes(1)`, targetPath: `${PLACE}/Shelf` });
    assert.equal(answer.d.results[0].Path, `${PLACE}/Shelf/Minutes(1)`);
    assert.deepEqual(sorted(names(await list(`${PLACE}/Shelf`))), ["Minutes", "Minutes(1)"]);
  });
  await step("move where nothing is", () =>
    refused(repo.move({ idOrPath: `${PLACE}/Minutes`, targetPath: `${PLACE}/Attic` }), 404));
  await step("delete to the trash", async () => {
    const answer = await repo.delete({ idOrPath: `${PLACE}/Shelf/Minutes` });
    assert.deepEqual([answer.d.results.map((row) => row.Name), answer.d.errors], [["Minutes"], []]);
  });
  await step("it is in the trash, and goes back", async () => {
    const bags = await list("/Root/Trash", { filter: "DisplayName eq 'Minutes'", select: ["OriginalPath"] });
    assert.equal(bags.d.results[0].OriginalPath, `${PLACE}/Shelf`);
    await repo.executeAction({ idOrPath: bags.d.results[0].Path, name: "Restore", method: "POST", body: {} });
    assert.equal((await load(`${PLACE}/Shelf/Minutes`)).Type, "Memo");
  });
  await step("delete for good", async () => {
    await repo.delete({ idOrPath: [`${PLACE}/Bin`, "/Root/Content/Nowhere"], permanent: true }).then((answer) =>
      assert.deepEqual([answer.d.results.length, answer.d.errors.length], [1, 1]));
    await refused(load(`${PLACE}/Bin`), 404);
  });
}

async function versions(repo) {
  const memo = `${PLACE}/Plan`;
  const of = async (act) => (await act).d.Version;
  const select = { select: ["Version", "Locked", "CheckInComments", "Description"] };
  await step("a memo with all versions and approval", async () => {
    const content = { Name: "Plan", Date: "2027-02-03T00:00:00Z", VersioningMode: "3", ApprovingMode: "1" };
    const answer = await repo.post({ parentPath: PLACE, contentType: "Memo", content, oDataOptions: select });
    assert.equal(answer.d.Version, "V0.1.D");
  });
  await step("check out", async () => assert.equal(await of(repo.versioning.checkOut(memo, select)), "V0.2.L"));
  await step("it is locked", async () =>
    assert.equal((await repo.load({ idOrPath: memo, oDataOptions: select })).d.Locked, true));
  await step("undo the check-out", async () => assert.equal(await of(repo.versioning.undoCheckOut(memo, select)), "V0.1.D"));
  await step("check out and in, with words", async () => {
    await repo.versioning.checkOut(memo);
    await repo.patch({ idOrPath: memo, content: { Description: "two shelves" } });
    const answer = await repo.versioning.checkIn(memo, "shelves", select);
    assert.deepEqual([answer.d.Version, answer.d.CheckInComments], ["V0.2.D", "shelves"]);
  });
  await step("publish", async () => assert.equal(await of(repo.versioning.publish(memo, select)), "V1.0.A"));
  await step("a draft after it", async () =>
    assert.equal(await of(repo.patch({ idOrPath: memo, content: { Description: "three shelves" }, oDataOptions: select })), "V1.1.D"));
  await step("all versions", async () => {
    const found = await repo.versioning.getVersions(memo, { select: ["Version"] });
    assert.deepEqual(found.d.results.map((row) => row.Version), ["V0.1.D", "V1.0.A", "V1.1.D"]);
  });
  await step("an old version", async () => {
    const found = await repo.load({ idOrPath: memo, oDataOptions: { ...select, version: "V1.0" } });
    assert.equal(found.d.Description, "two shelves");
  });
  await step("restore a version", async () => {
    const answer = await repo.versioning.restoreVersion(memo, "V1.0.A", select);
    assert.deepEqual([answer.d.Version, answer.d.Description], ["V1.2.D", "two shelves"]);
  });
  await step("approval asked for", async () => {
    await repo.patch({ idOrPath: memo, content: { ApprovingMode: "2" } });
    assert.match(await of(repo.versioning.publish(memo, select)), /\.P$/);
  });
  await step("reject", async () => assert.match(await of(repo.versioning.reject(memo, "too low", select)), /\.R$/));
  await step("publish again and approve", async () => {
    await repo.patch({ idOrPath: memo, content: { Description: "four shelves" } });
    await repo.versioning.publish(memo);
    assert.equal(await of(repo.versioning.approve(memo, select)), "V2.0.A");
  });
  await step("what the state does not allow", () => refused(repo.versioning.approve(memo), 500, "InvalidContentActionException"));
  await step("take a lock over", async () => {
    await repo.versioning.checkOut(memo);
    await repo.versioning.takeLockOver(memo, "/Root/IMS/BuiltIn/Portal/Admin").catch(silent);
    await repo.versioning.undoCheckOut(memo);
  });
}

async function queries(repo) {
  const ask = async (build, oDataOptions = {}) => {
    const query = new Query(build).toString();
    return names(await repo.loadCollection({ path: PLACE, oDataOptions: { query, ...oDataOptions } }));
  };
  const jobs = (q) => q.typeIs("Task");
  await step("by type", async () => assert.deepEqual(sorted(await ask((q) => jobs(q))), ["Bore", "Glue", "Paint", "Saw"]));
  await step("by the exact type", async () => assert.deepEqual(await ask((q) => q.type("TaskList")), ["Jobs"]));
  await step("by a value", async () => assert.deepEqual(await ask((q) => q.equals("Name", "Glue")), ["Glue"]));
  await step("by a value with blanks", async () =>
    assert.deepEqual(await ask((q) => q.equals("DisplayName", "Glue the boards")), ["Glue"]));
  await step("by a pattern", async () => assert.deepEqual(await ask((q) => q.equals("Name", "Pai*")), ["Paint"]));
  await step("by another value", async () =>
    assert.deepEqual(sorted(await ask((q) => jobs(q).and.notEquals("Name", "Glue"))), ["Bore", "Paint", "Saw"]));
  await step("and, or", async () =>
    assert.deepEqual(sorted(await ask((q) => q.equals("Name", "Saw").or.equals("Name", "Glue"))), ["Glue", "Saw"]));
  await step("above", async () => assert.deepEqual(await ask((q) => jobs(q).and.greaterThan("TaskCompletion", 40)), ["Bore"]));
  await step("at least", async () =>
    assert.deepEqual(sorted(await ask((q) => jobs(q).and.greaterThan("TaskCompletion", 30, true))), ["Bore", "Glue"]));
  await step("below", async () =>
    assert.deepEqual(sorted(await ask((q) => jobs(q).and.lessThan("TaskCompletion", 30))), ["Paint", "Saw"]));
  await step("between", async () =>
    assert.deepEqual(sorted(await ask((q) => jobs(q).and.between("TaskCompletion", 10, 30, true, true))), ["Glue", "Saw"]));
  await step("in a tree", async () =>
    assert.equal((await ask((q) => q.inTree(`${PLACE}/Jobs`))).length, 5));
  await step("in a folder", async () =>
    assert.equal((await ask((q) => q.inFolder(`${PLACE}/Jobs`))).length, 4));
  await step("a part in brackets", async () =>
    assert.deepEqual(sorted(await ask((q) => jobs(q).and.query((p) => p.equals("Name", "Saw").or.equals("Name", "Bore")))), ["Bore", "Saw"]));
  await step("not a part", async () =>
    assert.deepEqual(sorted(await ask((q) => jobs(q).and.not((p) => p.equals("Name", "Saw").or.equals("Name", "Bore")))), ["Glue", "Paint"]));
  await step("a term as it is", async () => assert.deepEqual(await ask((q) => q.term("Name:Saw")), ["Saw"]));
  await step("sorted", async () =>
    assert.deepEqual(await ask((q) => jobs(q).sort("TaskCompletion", true)), ["Bore", "Glue", "Saw", "Paint"]));
  await step("a page", async () =>
    assert.deepEqual(await ask((q) => jobs(q).sort("Name").top(2).skip(1)), ["Glue", "Paint"]));
  await step("words", async () => assert.deepEqual(sorted(await ask((q) => q.equals("_Text", "glue"))), ["Glue"]));
  await step("nested", async () =>
    assert.deepEqual(await ask((q) => jobs(q).and.equalsNested("AssignedTo", "LoginName", "Admin")), ["Saw"]));
  await step("system contents too", async () => {
    const found = await repo.loadCollection({ path: "/Root/System/Settings",
      oDataOptions: { query: new Query((q) => q.typeIs("Settings").autofilters("OFF")).toString(), select: ["Type"] } });
    assert.equal(found.d.__count, 10);
  });
  await step("files by size", async () => {
    const found = await repo.loadCollection({ path: HOME,
      oDataOptions: { query: new Query((q) => q.typeIs("File").and.greaterThan("Size", 100).sort("Size", true)).toString(), select: ["Size"], top: 5 } });
    const sizes = found.d.results.map((row) => row.Size);
    assert.deepEqual(sizes, [...sizes].sort((a, b) => b - a));
    assert.equal(sizes.length, 5);
  });
  await step("a query that is none", () => refused(ask((q) => q.term("Name:(")), 400, "ParserException"));
}

async function files(repo) {
  const library = `${PLACE}/Papers`;
  const common = { parentPath: library, binaryPropertyName: "Binary", overwrite: true, contentTypeName: "File" };
  const bytes = async (path) => (await repo.fetch(`${address}${path}`)).text();
  await step("a library", async () =>
    assert.equal((await repo.post({ parentPath: PLACE, contentType: "DocumentLibrary", content: { Name: "Papers" } })).d.Name, "Papers"));
  await step("upload a text", async () => {
    const answer = await repo.upload.textAsFile({ ...common, text: "bring oak", fileName: "list.txt" });
    assert.deepEqual([answer.Name, answer.Type, answer.Url], ["list.txt", "File", `${library}/list.txt`]);
  });
  await step("download it", async () => assert.equal(await bytes(`${library}/list.txt`), "bring oak"));
  await step("upload over it", async () => {
    await repo.upload.textAsFile({ ...common, text: "bring pine", fileName: "list.txt" });
    assert.equal(await bytes(`${library}/list.txt`), "bring pine");
  });
  await step("upload beside it", async () => {
    const answer = await repo.upload.textAsFile({ ...common, overwrite: false, text: "bring elm", fileName: "list.txt" });
    assert.equal(answer.Name, "list(1).txt");
  });
  await step("upload in pieces", async () => {
    const seen = [];
    const answer = await repo.upload.file({ ...common, file: new File(["planks ".repeat(500)], "long.txt"),
      progressObservable: { setValue: (value) => seen.push(value.completed) } });
    assert.equal(answer.Name, "long.txt");
    assert.equal((await bytes(`${library}/long.txt`)).length, 3500);
    assert.equal(seen.at(-1), true);
  });
  await step("a last piece without bytes, which the client sends where the pieces fit exactly", () =>
    refused(repo.upload.file({ ...common, file: new File(["x".repeat(2000)], "even.txt") }), 403));
  await step("upload a list of files", async () => {
    const chosen = [new File(["a"], "one.txt"), new File(["bb"], "two.txt")];
    chosen.item = (place) => chosen[place];
    await repo.upload.fromFileList({ ...common, createFolders: false, fileList: chosen });
    assert.equal(await bytes(`${library}/two.txt`), "bb");
  });
  await step("sizes", async () => {
    const found = await repo.loadCollection({ path: library, oDataOptions: { select: ["Size"], orderby: [["Size", "desc"]] } });
    assert.equal(found.d.results[0].Name, "long.txt");
  });
  await step("pages that nobody counted", async () =>
    assert.ok(Number.isInteger(await repo.preview.getPageCount({ idOrPath: `${library}/list.txt` }))));
  await step("check the previews", async () =>
    assert.ok(await repo.preview.check({ idOrPath: `${library}/list.txt`, generateMissing: false }).then(() => true)));
  await step("make the previews anew", async () =>
    assert.equal((await repo.preview.regenerate({ idOrPath: `${library}/list.txt` })).PageCount, -1));
  await step("no preview yet", async () =>
    assert.equal(await repo.preview.available({ document: { idOrPath: `${library}/list.txt`, hostName: address }, version: "V1.0.A", page: 1 }), undefined));
  await step("comments need a service that is not there", () =>
    refused(repo.preview.addComment({ idOrPath: `${library}/list.txt`, comment: { page: 1, x: 10, y: 20, text: "which oak?" } }),
      500, "InvalidContentActionException"));
}

async function rights(repo) {
  const hugo = "/Root/IMS/Public/hugo.horvath";
  const job = `${PLACE}/Jobs/Glue`;
  let key;
  await step("a key for somebody", async () => {
    const answer = await repo.executeAction({ idOrPath: hugo, name: "CreateApiKey", method: "POST", body: {} });
    key = answer.Value;
    assert.ok(key);
  });
  const his = connect(key);
  await step("he may do nothing yet", () => refused(his.patch({ idOrPath: job, content: { Index: 9 } }), 500));
  await step("give permissions", async () => {
    await repo.security.setPermissions(`${PLACE}`, [{ identity: hugo, localOnly: false, Open: "allow", Save: "allow", AddNew: "allow", Delete: "allow", SeePermissions: "allow" }])
      .catch(silent);
    assert.equal(await his.security.hasPermission(PLACE, ["Save"]), true);
  });
  await step("a question about several permissions", async () =>
    assert.equal(await his.security.hasPermission(PLACE, ["Open", "Approve"]), false));
  await step("he may write now", async () =>
    assert.equal((await his.patch({ idOrPath: job, content: { Index: 9 }, oDataOptions: { select: ["Index"] } })).d.Index, 9));
  await step("he deletes what he made", async () => {
    await his.post({ parentPath: `${PLACE}/Jobs`, contentType: "Task", content: { Name: "Mine" } });
    const answer = await his.delete({ idOrPath: `${PLACE}/Jobs/Mine`, permanent: true });
    assert.deepEqual([answer.d.results.length, answer.d.errors], [1, []]);
  });
  await step("the entries", async () => {
    const acl = await repo.security.getAcl(PLACE);
    assert.ok(acl.entries.some((entry) => entry.identity.name === "hugo.horvath" && entry.permissions.Save.value === "allow"));
  });
  await step("all permissions", async () => assert.ok((await repo.security.getAllPermissions(PLACE)).entries.length > 0));
  await step("the permissions of one", async () => assert.ok(await repo.security.getPermissionsForIdentity(PLACE, hugo)));
  await step("who has rights here", async () => {
    const found = await repo.security.getRelatedIdentitiesByPermissions({ contentIdOrPath: PLACE, level: "AllowedOrDenied", kind: "All", permissions: ["Save"] });
    assert.ok(names(found).includes("hugo.horvath"));
  });
  await step("a parameter that the client spells wrong", () =>
    refused(repo.security.getRelatedIdentities({ contentIdOrPath: PLACE, level: "AllowedOrDenied", kind: "All" }), 500, "InvalidContentActionException"));
  await step("what he has on the children", async () => {
    const found = await repo.security.getRelatedItemsOneLevel({ contentIdOrPath: HOME, level: "AllowedOrDenied", member: hugo, permissions: ["Save"] });
    assert.ok(found.d.results.length >= 1);
  });
  await step("what he has here", async () => {
    const found = await repo.security.getRelatedItems({ contentIdOrPath: HOME, level: "AllowedOrDenied", explicitOnly: true, member: hugo, permissions: ["Save"] });
    assert.ok(names(found).includes("Workshop"));
  });
  await step("how many of each permission", async () => {
    const found = await repo.security.getRelatedPermissions({ contentIdOrPath: HOME, level: "Allowed", explicitOnly: true, memberPath: hugo });
    assert.ok(found);
  });
  await step("who may", async () => {
    const found = await repo.security.getAllowedUsers({ contentIdOrPath: PLACE, permissions: ["Save"] });
    assert.ok(names(found).includes("hugo.horvath"));
  });
  await step("the groups of somebody", async () => {
    const found = await repo.security.getParentGroups({ contentIdOrPath: hugo, directOnly: false });
    assert.ok(names(found).includes("Staff"));
  });
  const users = {};
  await step("members come and go", async () => {
    const group = (await repo.post({ parentPath: "/Root/IMS/Public", contentType: "Group", content: { Name: "Joiners" } })).d;
    users.group = group;
    const id = (await repo.load({ idOrPath: hugo })).d.Id;
    await repo.security.addMembers(group.Id, [id]).catch(silent);
    const members = async () => (await repo.load({ idOrPath: group.Id, oDataOptions: { select: ["Members/Name"], expand: ["Members"] } })).d.Members;
    assert.deepEqual((await members()).map((one) => one.Name), ["hugo.horvath"]);
    await repo.security.removeMembers(group.Id, [id]).catch(silent);
    assert.deepEqual(await members(), []);
  });
  await step("share with a mail address", async () => {
    const content = (await repo.load({ idOrPath: job })).d;
    const answer = await repo.share({ content, identity: "joiner@example.com", sharingLevel: SharingLevel.Open, sharingMode: SharingMode.Private, sendNotification: false });
    assert.equal(answer.d?.Token ?? answer.Token, "joiner@example.com");
  });
  await step("actions for menus", async () => {
    const found = await repo.getActions({ idOrPath: job, scenario: "ContextMenu" });
    assert.ok(found.d.results.some((action) => action.Name === "Delete"));
  });
  await step("all actions", async () => assert.ok((await repo.getActions({ idOrPath: job })).d.results.length > 5));
  await step("a visitor sees nothing of it", async () => {
    await refused(connect("wrong").load({ idOrPath: job }), 404);
    await refused(connect("wrong").executeAction({ idOrPath: job, name: "CheckOut", method: "POST", body: {} }), 404);
  });
  await step("the schema", async () => {
    await repo.reloadSchema();
    assert.equal(repo.schemas.getSchemaByName("Task").ContentTypeName, "Task");
    assert.ok(repo.schemas.schemaIsDescendantOf("Task", "GenericContent"));
  });
  await step("his schema is smaller", async () => {
    const own = await his.executeAction({ idOrPath: "Root", name: "GetSchema", method: "GET", body: undefined });
    const all = await repo.executeAction({ idOrPath: "Root", name: "GetSchema", method: "GET", body: undefined });
    assert.ok(own.length > 20 && own.length < all.length);
  });
  await step("an action with parameters in the address", async () => {
    const found = await repo.executeAction({ idOrPath: PLACE, name: "HasPermission", method: "GET", body: { permissions: "Open" } });
    assert.equal(found, true);
  });
  await step("an action that is none", () =>
    refused(repo.executeAction({ idOrPath: PLACE, name: "Juggle", method: "POST", body: {} }), 500, "InvalidContentActionException"));
  await step("a setting", async () => {
    const found = await repo.executeAction({ idOrPath: "Root", name: "GetSettings", method: "GET", body: { name: "Sharing" } });
    assert.equal(found.NotificationEnabled, false);
  });
}

async function events(repo) {
  const hub = new EventHub(repo);
  const seen = [];
  for (const name of Object.keys(hub).filter((key) => key.startsWith("on"))) {
    hub[name].subscribe((value) => seen.push([name, value]));
  }
  const happened = async (act, name, check = () => {}) => {
    seen.length = 0;
    await act().catch(() => {});
    await new Promise((resolve) => setImmediate(resolve)); // observers are told after the promise
    await new Promise((resolve) => setImmediate(resolve));
    const found = seen.find((event) => event[0] === name);
    assert.ok(found, `${name} is not among ${seen.map((event) => `${event[0]} ${event[1].error ?? ""}`)}`);
    check(found[1]);
  };
  const note = `${PLACE}/Note`;
  const Date_ = "2027-02-03T00:00:00Z";
  await step("event: created", () =>
    happened(() => repo.post({ parentPath: PLACE, contentType: "Memo", content: { Name: "Note", Date: Date_ } }), "onContentCreated",
      (event) => assert.equal(event.content.Path, note)));
  await step("event: not created", () =>
    happened(() => repo.post({ parentPath: PLACE, contentType: "Spaceship", content: { Name: "x" } }), "onContentCreateFailed"));
  await step("event: modified", () =>
    happened(() => repo.patch({ idOrPath: note, content: { DisplayName: "A note" } }), "onContentModified",
      (event) => assert.deepEqual([event.changes, event.content.DisplayName], [{ DisplayName: "A note" }, "A note"])));
  await step("event: put", () =>
    happened(() => repo.put({ idOrPath: note, content: { Name: "Note", Date: Date_ } }), "onContentModified"));
  await step("event: not modified", () =>
    happened(() => repo.patch({ idOrPath: note, content: { MemoType: "song" } }), "onContentModificationFailed",
      (event) => assert.match(event.error.message, /Memo ?[Tt]ype/)));
  await step("event: loaded", () =>
    happened(() => repo.load({ idOrPath: note }), "onContentLoaded", (event) => assert.equal(event.content.Name, "Note")));
  await step("event: not loaded", () => happened(() => repo.load({ idOrPath: `${PLACE}/None` }), "onContentLoadFailed"));
  await step("event: collection loaded", () =>
    happened(() => repo.loadCollection({ path: PLACE }), "onContentCollectionLoaded"));
  await step("event: collection not loaded", () =>
    happened(() => repo.loadCollection({ path: PLACE, oDataOptions: { filter: "nope eq 1" } }), "onContentCollectionLoadFailed"));
  await step("event: copied", () =>
    happened(() => repo.copy({ idOrPath: note, targetPath: `${PLACE}/Shelf` }), "onContentCopied"));
  await step("event: not copied", () =>
    happened(() => repo.copy({ idOrPath: note, targetPath: `${PLACE}/Shelf` }), "onContentCopyFailed"));
  await step("event: not moved", () =>
    happened(() => repo.move({ idOrPath: note, targetPath: `${PLACE}/Shelf` }), "onContentMoveFailed"));
  await step("event: deleted", () =>
    happened(() => repo.delete({ idOrPath: `${PLACE}/Shelf/Note`, permanent: true }), "onContentDeleted",
      (event) => assert.equal(event.permanently, true)));
  await step("event: moved", () =>
    happened(() => repo.move({ idOrPath: note, targetPath: `${PLACE}/Shelf` }), "onContentMoved"));
  await step("event: not deleted", () =>
    happened(() => repo.delete({ idOrPath: `${PLACE}/None` }), "onContentDeleteFailed"));
  await step("event: action", () =>
    happened(() => repo.executeAction({ idOrPath: `${PLACE}/Shelf/Note`, name: "GetAcl", method: "GET" }), "onCustomActionExecuted",
      (event) => assert.equal(event.actionOptions.name, "GetAcl")));
  await step("event: no action", () =>
    happened(() => repo.executeAction({ idOrPath: `${PLACE}/Shelf/Note`, name: "Juggle", method: "POST", body: {} }), "onCustomActionFailed"));
  await step("event: uploaded", () =>
    happened(() => repo.upload.textAsFile({ parentPath: `${PLACE}/Papers`, binaryPropertyName: "Binary", overwrite: true, text: "x", fileName: "seen.txt" }), "onUploadFinished"));
  hub.dispose();
}

async function main() {
  const repo = connect(adminKey, { chunkSize: 1000 });
  for (const part of [contents, versions, queries, files, rights, events]) await part(repo);
  await step("all of it is deleted", async () => {
    await repo.delete({ idOrPath: [PLACE, "/Root/IMS/Public/Joiners"], permanent: true });
    await refused(repo.load({ idOrPath: PLACE }), 404);
  });
  repo.dispose();
  process.stdout.write(`${JSON.stringify({ passed, failures })}\n`);
}

main();
